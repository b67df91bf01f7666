"""The marts on a real Postgres: their numbers against numbers computed by hand, and what their tests catch.

The formulas alone, also with total 0, are unit tests inside the dbt project.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.integration import small_outbound
from tests.integration.warehouse import PROJECT, build, dbt, parsed, rows

pytestmark = pytest.mark.integration

AS_OF = "2026-03-09T00:00:00+00:00"

# Leads 1 to 3 came on 1 March, 4 and 5 on 3 March, all to A. A rule gave 1, 2 and, at the second look, 4 to
# B. C has nothing at all.
FIVE_LEADS = """
INSERT INTO core.workspaces (workspace_id, slug, name)
SELECT ('00000000-0000-0000-0000-00000000000' || slug)::uuid, slug, upper(slug)
FROM unnest(ARRAY['a', 'b', 'c']) slug;

INSERT INTO raw.drops (drop_id, source, kind, external_id, workspace_id, body, body_sha256, day, received_at,
    stage, received_rows, accepted_rows, duplicate_rows, quarantined_rows)
OVERRIDING SYSTEM VALUE
SELECT n, source, kind, n, '00000000-0000-0000-0000-00000000000a', '', repeat('0', 64), day::date,
    day::timestamptz, 'routed', received, accepted, duplicate, quarantined
FROM (VALUES
    (1, 'datashopper', 'vendor_page', '2026-03-01 12:00Z', 3, 3, 0, 0),
    (2, 'csv', 'csv', '2026-03-03 12:00Z', 4, 2, 1, 1),
    (3, 'csv', 'csv', '2026-03-04 12:00Z', 0, 0, 0, 0)
) d (n, source, kind, day, received, accepted, duplicate, quarantined);

INSERT INTO core.leads (lead_id, workspace_id, drop_id, row_no, fingerprint, type, country_inferred,
    received_at, day, full_name, email, flags)
SELECT lead_id, workspace_id, drop_id, n, lead_id, 'COMPANY', false, received_at,
    day, 'Ada', 'ada@example.com', '{}'
FROM (VALUES (1, 1), (2, 1), (3, 1), (4, 2), (5, 2)) l (n, drop_id) JOIN raw.drops USING (drop_id),
    LATERAL (SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid AS lead_id) i;

INSERT INTO core.intent_scores (lead_id, drop_id, band, high_count, medium_count, low_count, run_id,
    scored_at)
SELECT lead_id, drop_id, ('{hot,warm,cold,hot,cold}'::text[])[right(lead_id::text, 1)::int], 0, 0, 0, 'r',
    received_at
FROM core.leads;

INSERT INTO core.lead_routing_rules (rule_id, workspace_id, rule_name, destination_workspace_id) VALUES
('00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-00000000000a', 'north',
    '00000000-0000-0000-0000-00000000000b');

INSERT INTO core.lead_assignments (lead_id, destination_kind, seq, destination_id, rule_set_version, rule_id,
    rule_version, reason, run_id, decided_at)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'workspace', seq,
    CASE WHEN matched THEN rule.destination_workspace_id ELSE rule.workspace_id END, 1,
    CASE WHEN matched THEN rule.rule_id END, CASE WHEN matched THEN 1 END,
    CASE WHEN matched THEN 'Matched rule: north' ELSE 'No matching rule' END, 'r', '2026-03-04Z'
FROM core.lead_routing_rules rule, (
    VALUES (1, 1, true), (2, 1, true), (3, 1, false), (4, 1, false), (4, 2, true), (5, 1, false)
) a (n, seq, matched);

INSERT INTO core.bulk_upload_jobs (drop_id, workspace_id, status, total_records, successful_records,
    failed_records, duplicate_records, completed_at)
VALUES (2, '00000000-0000-0000-0000-00000000000a', 'completed', 4, 2, 1, 1, now()),
(3, '00000000-0000-0000-0000-00000000000a', 'failed', 0, 0, 0, 0, now());

INSERT INTO core.enrichments (lead_id, vendor, status, reason, contacts_found, day, requested_at, settled_at)
SELECT lead_id, 'clay', status, CASE WHEN status = 'skipped' THEN 'no domain' END, found, day, received_at,
    received_at + seconds * interval '1 second'
FROM (
    VALUES ('1', 'completed', 2, 10), ('2', 'completed', 1, 30), ('3', 'skipped', 0, 0),
    ('4', 'completed', 0, 5), ('5', 'pending', 0, NULL)
) e (n, status, found, seconds)
JOIN core.leads ON right(lead_id::text, 1) = n;

INSERT INTO core.lead_contacts (lead_id, contact_no, full_name, is_primary)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, no, 'Grace', no = 1
FROM (VALUES (1, 1), (1, 2), (2, 1)) c (n, no);

INSERT INTO outbound.upload_batches (batch_key, workspace_id, platform, band, day, status, run_id,
    intended_at, settled_at)
VALUES ('b1', '00000000-0000-0000-0000-00000000000a', 'tech-platform', 'hot', '2026-03-01', 'confirmed', 'r',
    '2026-03-05Z', '2026-03-05Z'),
('b2', '00000000-0000-0000-0000-00000000000a', 'tech-platform', 'warm', '2026-03-01', 'intended', 'r',
    '2026-03-05Z', NULL);
INSERT INTO outbound.platform_uploads (lead_id, batch_key, payload, status, reason, settled_at) VALUES
('00000000-0000-0000-0000-000000000001', 'b1', '{}', 'confirmed', NULL, '2026-03-05Z'),
('00000000-0000-0000-0000-000000000004', 'b1', '{}', 'rejected', 'full', '2026-03-05Z'),
('00000000-0000-0000-0000-000000000002', 'b2', '{}', 'intended', NULL, NULL);
INSERT INTO outbound.upload_attempts (batch_key, attempt_no, action, outcome, run_id, attempted_at) VALUES
('b1', 1, 'send', 'unknown', 'r', '2026-03-05Z'), ('b1', 2, 'ask', 'confirmed', 'r', '2026-03-05Z');
INSERT INTO outbound.billing_events (lead_id, kind, workspace_id, platform, occurred_at) VALUES
('00000000-0000-0000-0000-000000000001', 'platform_upload', '00000000-0000-0000-0000-00000000000a',
    'tech-platform', '2026-03-05Z');
"""

# Query of a mart: the rows that FIVE_LEADS must give, computed by hand.
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "SELECT to_char(day, 'DD'), total, routed, routing_rate FROM analytics.routing_daily ORDER BY 1": [
        ("01", 3, 2, Decimal("66.67")),
        ("02", 0, 0, None),
        ("03", 2, 1, Decimal("50.00")),
    ],
    """SELECT destination_workspace_name, routing_reason, is_routed, lead_count
    FROM analytics.routing_distribution ORDER BY 1""": [
        ("A", "No matching rule", False, 2),
        ("B", "Matched rule: north", True, 3),
    ],
    """SELECT workspace_name, lead_count, leads_this_week
    FROM analytics.workspace_lead_distribution ORDER BY 1""": [("A", 2, 1), ("B", 3, 1), ("C", 0, 0)],
    "SELECT * FROM analytics.bulk_upload_success": [("csv", 2, 1, 1, Decimal("50.00"))],
    """SELECT right(workspace_id::text, 1), hot_count, warm_count, cold_count, total_count,
        hot_percentage, warm_percentage, cold_percentage
    FROM analytics.lead_intent_breakdown ORDER BY 1""": [
        ("a", 2, 1, 2, 5, Decimal("40.00"), Decimal("20.00"), Decimal("40.00")),
        ("b", 0, 0, 0, 0, None, None, None),
        ("c", 0, 0, 0, 0, None, None, None),
    ],
    """SELECT right(workspace_id::text, 1), intended, confirmed, rejected, failed, success_rate, calls,
        failed_calls, to_char(last_uploaded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
    FROM analytics.platform_upload_stats ORDER BY 1""": [
        ("a", 1, 1, 1, 0, Decimal("50.00"), 2, 1, "2026-03-05"),
        ("b", 0, 0, 0, 0, None, 0, 0, None),
        ("c", 0, 0, 0, 0, None, 0, 0, None),
    ],
    """SELECT vendor, to_char(day, 'DD'), status, leads, contacts_per_lead, median_seconds_to_settle
    FROM analytics.enrichment_outcomes ORDER BY day, status""": [
        ("clay", "01", "completed", 2, Decimal("1.50"), Decimal("20.0")),
        ("clay", "01", "skipped", 1, Decimal("0.00"), Decimal("0.0")),
        ("clay", "03", "completed", 1, Decimal("0.00"), Decimal("5.0")),
        ("clay", "03", "pending", 1, Decimal("0.00"), None),
    ],
    """SELECT right(lead_id::text, 1), source, band, right(owner_workspace_id::text, 1), is_routed,
        enrichment_status, contacts, is_uploaded, uploaded_platform
    FROM analytics.fct_leads ORDER BY 1""": [
        ("1", "datashopper", "hot", "b", True, "completed", 2, True, "tech-platform"),
        ("2", "datashopper", "warm", "b", True, "completed", 1, False, None),
        ("3", "datashopper", "cold", "a", False, "skipped", 0, False, None),
        ("4", "csv", "hot", "b", True, "completed", 0, False, None),
        ("5", "csv", "cold", "a", False, "pending", 0, False, None),
    ],
    """SELECT rule_name, is_in_force, count(*) FROM analytics.fct_assignments
    GROUP BY 1, 2 ORDER BY 1, 2""": [("north", True, 3), (None, False, 1), (None, True, 2)],
    """SELECT right(lead_id::text, 1), status, band, is_uploaded
    FROM analytics.fct_platform_uploads ORDER BY 1""": [
        ("1", "confirmed", "hot", True),
        ("2", "intended", "warm", False),
        ("4", "rejected", "hot", False),
    ],
}
# One row against each promise that a singular test keeps.
BROKEN_PROMISES = """
ALTER TABLE raw.drops DROP CONSTRAINT drops_account_for_every_row;
UPDATE raw.drops SET accepted_rows = 1 WHERE drop_id = 3;
DELETE FROM core.intent_scores WHERE lead_id = '00000000-0000-0000-0000-000000000005';
UPDATE core.intent_scores SET band = 'cold' WHERE lead_id = '00000000-0000-0000-0000-000000000004';
DELETE FROM outbound.billing_events;
INSERT INTO core.lead_contacts (lead_id, contact_no, full_name, is_primary)
VALUES ('00000000-0000-0000-0000-000000000009', 1, 'Grace', true);
CREATE TABLE analytics.leak (email text);

INSERT INTO market.sellers (workspace_id, invite_code) VALUES ('00000000-0000-0000-0000-00000000000a', 'ABCDEFGH');
INSERT INTO market.buyers (buyer_id, workspace_id, name) VALUES
('00000000-0000-0000-0000-0000000000b1', '00000000-0000-0000-0000-00000000000a', 'B1');
INSERT INTO market.ledger_accounts (account_id, workspace_id, kind, buyer_id, currency) OVERRIDING SYSTEM VALUE
VALUES (1, '00000000-0000-0000-0000-00000000000a', 'wallet', '00000000-0000-0000-0000-0000000000b1', 'USD');
-- Money that comes from nowhere, for a lead that nobody got: the database itself would refuse it.
ALTER TABLE market.ledger_entries DISABLE TRIGGER USER;
ALTER TABLE market.ledger_postings DISABLE TRIGGER USER;
INSERT INTO market.ledger_entries (entry_id, workspace_id, kind, buyer_id, lead_id, reason, run_id, occurred_at) VALUES
(1, '00000000-0000-0000-0000-00000000000a', 'charge', '00000000-0000-0000-0000-0000000000b1',
    '00000000-0000-0000-0000-000000000001', '', 'r', '2026-03-05Z');
INSERT INTO market.ledger_postings (entry_id, line, account_id, amount_minor) VALUES (1, 1, 1, -2500);
INSERT INTO market.candidate_sets (set_id, sha256, campaign_id, campaign_version, rules, members)
OVERRIDING SYSTEM VALUE
VALUES (1, sha256(''), gen_random_uuid(), 1, '{}', '[{"buyer_id": "00000000-0000-0000-0000-0000000000b1"}]');
INSERT INTO core.assignment_candidates (lead_id, set_id, outcome, decided, local_time, flags, observed, run_id,
    decided_at)
VALUES ('00000000-0000-0000-0000-000000000001', 1, 'assigned', 0, now(), '\\x80', '\\x0000000000000000', 'r', now());
"""


def test_the_marts_hold_the_numbers_computed_by_hand(database: Any, tmp_path: Path) -> None:
    with database.connect() as conn:
        conn.execute(FIVE_LEADS)
        built = build(database, tmp_path, "--vars", json.dumps({"as_of": AS_OF}))
        assert not built.failures, built.log
        assert "deprecat" not in built.log.lower()
        for query, expected in EXPECTED.items():
            assert expected == rows(conn, query), query

        # The mart shows every workspace, the view those with scored leads; else they are the same.
        columns = "workspace_id, hot_count, warm_count, cold_count, total_count, hot_percentage, warm_percentage"
        view = rows(conn, f"SELECT {columns} FROM core.lead_intent_breakdown")
        assert view == rows(conn, f"SELECT {columns} FROM analytics.lead_intent_breakdown WHERE total_count > 0")


def test_the_project_is_read_without_a_deprecation() -> None:
    assert "deprecat" not in parsed().log.lower()


def test_an_empty_database_builds_and_passes_every_test(database: Any, tmp_path: Path) -> None:
    built = dbt(database, tmp_path, "build")
    assert not built.failures, built.log
    with database.connect() as conn:
        prefixed = "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%analytics%' AND nspname <> 'analytics'"
        assert not rows(conn, prefixed)
        marts = [path.stem for path in (PROJECT / "models" / "marts").glob("*.sql")]
        counts = {mart: len(rows(conn, f"SELECT * FROM analytics.{mart}")) for mart in marts}
    assert dict.fromkeys(marts, 0) == counts


def test_every_broken_promise_is_named_by_its_test(database: Any, tmp_path: Path) -> None:
    with database.connect() as conn:
        conn.execute(FIVE_LEADS)
        run = dbt(database, tmp_path, "run")
        assert not run.failures, run.log
        conn.execute(BROKEN_PROMISES)
        conn.execute(small_outbound.BROKEN_PROMISES)
    check = dbt(database, tmp_path, "test", "--select", "test_type:singular")
    singular = {path.stem for path in (PROJECT / "tests").glob("*.sql")}
    assert {**dict.fromkeys(singular, "fail"), "no_service_level_burns_slowly": "warn"} == check.statuses
