"""Who may decide and move money of a seller: whoever holds its row. Taken before anything else, in one order."""

from collections.abc import Iterable

import psycopg

from lead_pipeline.errors import NotFound


def lock_sellers(conn: psycopg.Connection, workspace_ids: Iterable[str]) -> None:
    """Hold the rows of these sellers until the caller's transaction ends; waits for whoever holds one.

    Raises NotFound where a workspace sells nothing: it has no row to hold.
    """
    wanted = sorted({str(one) for one in workspace_ids})
    rows = conn.execute(
        "SELECT workspace_id::text FROM market.sellers WHERE workspace_id = ANY(%s::uuid[]) "
        "ORDER BY workspace_id FOR UPDATE",
        [wanted],
    ).fetchall()
    missing = sorted(set(wanted) - {workspace_id for (workspace_id,) in rows})
    if missing:
        raise NotFound(f"no seller is the workspace {', '.join(missing)}. Register it as a seller first.")
