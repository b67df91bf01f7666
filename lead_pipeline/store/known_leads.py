"""The leads of a workspace that a file would meet again: their contact and company columns as text. Reads only."""

from collections.abc import Sequence

import pandas as pd
import psycopg

from lead_pipeline.store.bulk import fetch_frame

CONTACT_COLUMNS = (
    "full_name", "first_name", "last_name", "job_title", "email", "phone", "company_name", "domain", "website",
    "linkedin_url", "industry", "country", "state", "city", "postal_code", "employee_count", "revenue",
)  # fmt: skip


def known_leads(conn: psycopg.Connection, workspace_id: str, fingerprints: Sequence[str]) -> pd.DataFrame:
    """CONTACT_COLUMNS of the workspace's leads among these fingerprints, indexed by fingerprint."""
    columns = ", ".join(f"{name}::text" for name in CONTACT_COLUMNS)
    found = fetch_frame(
        conn,
        f"SELECT fingerprint::text, {columns} FROM core.leads "  # noqa: S608 - the columns are a constant
        "WHERE workspace_id = %s AND fingerprint = ANY(%s::uuid[])",
        [workspace_id, list(fingerprints)],
    )
    return found.set_index("fingerprint")
