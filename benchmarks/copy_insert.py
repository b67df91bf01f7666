"""The baseline of the database itself: COPY the file as text, then one INSERT ... SELECT for each target table.

The same tables with all their indexes and constraints. It validates nothing, scores nothing (every lead is cold) and
routes nothing (every lead stays); rows alike by e-mail (else by name and phone) are one lead, the first one.
"""

import time
from pathlib import Path

from benchmarks.bench import WORKSPACE
from benchmarks.generate import COLUMNS
from lead_pipeline.store.connections import connect
from lead_pipeline.store.workspaces import workspace_id

_BLOCK = 1 << 20
_KEY = "md5(lower(coalesce(nullif(email, ''), full_name || phone)))::uuid"
_LEAD = "lpad(to_hex(row_no), 32, '0')::uuid"
_STAGE = f"""
CREATE TEMP TABLE staged (
    row_no bigint GENERATED ALWAYS AS IDENTITY, {", ".join(f"{name} text" for name in COLUMNS)}
) ON COMMIT DROP
"""
_LEADS = f"""
INSERT INTO core.leads (
    lead_id, workspace_id, drop_id, row_no, fingerprint, type, country_inferred, received_at, day, full_name, email,
    phone, company_name, industry, website, state, country, state_raw, country_raw, job_title, flags
)
SELECT DISTINCT ON ({_KEY}) {_LEAD}, %s::uuid, 1, row_no, {_KEY}, 'INDIVIDUAL', false, now(), current_date, full_name,
    email, phone, company_name, company_industry, website, company_location_state, company_location_country,
    company_location_state, company_location_country, job_title, '{{}}'
FROM staged ORDER BY {_KEY}, row_no
"""
# From core.leads, where they are distinct already: faster than a second and a third DISTINCT ON of the staged rows.
_SCORES = """
INSERT INTO core.intent_scores (lead_id, drop_id, band, high_count, medium_count, low_count, run_id, scored_at)
SELECT lead_id, drop_id, 'cold', 0, 0, 0, 'benchmark-00000000-0000-0000-0000-000000000000', now() FROM core.leads
"""
_ASSIGNMENTS = """
INSERT INTO core.lead_assignments (
    lead_id, destination_kind, destination_id, rule_set_version, reason, run_id, decided_at
)
SELECT lead_id, 'workspace', workspace_id, 1, 'No matching rule', 'benchmark-00000000-0000-0000-0000-000000000000',
    now()
FROM core.leads
"""


def timed_copy_insert(url: str, file: Path) -> float:
    """Seconds from the file on disk to the commit."""
    with connect(url) as conn:
        owner = workspace_id(conn, WORKSPACE)
        begin = time.perf_counter()
        conn.execute(_STAGE)
        copied = f"COPY staged ({', '.join(COLUMNS)}) FROM STDIN (FORMAT csv, HEADER)"
        with conn.cursor().copy(copied) as copy, file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                copy.write(block)
        conn.execute(_LEADS, [owner])
        conn.execute(_SCORES)
        conn.execute(_ASSIGNMENTS)
        conn.commit()
        return time.perf_counter() - begin
