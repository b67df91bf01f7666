"""Whether what somebody wants worked on is in their workspace: a standing query, a lead. Reads only."""

from uuid import UUID

import psycopg


def has_query(conn: psycopg.Connection, workspace_id: str, query_id: UUID) -> bool:
    """Whether the workspace has that standing query."""
    found = conn.execute(
        "SELECT 1 FROM core.queries WHERE query_id = %s AND workspace_id = %s", [query_id, workspace_id]
    ).fetchone()
    return found is not None


def has_lead(conn: psycopg.Connection, workspace_id: str, lead_id: UUID) -> bool:
    """Whether the lead was received in the workspace."""
    found = conn.execute(
        "SELECT 1 FROM core.leads WHERE lead_id = %s AND workspace_id = %s", [lead_id, workspace_id]
    ).fetchone()
    return found is not None
