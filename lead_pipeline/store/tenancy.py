"""As whom a transaction of the marketplace's API reads and writes: the API role, and whose rows are there for it.

The policies beneath are in migration 20260101000018. What moves money or decides runs as the owner instead.
"""

import psycopg

from lead_pipeline.errors import SettingsError

API_ROLE = "lead_pipeline_api"


def acting_as(
    conn: psycopg.Connection,
    *,
    workspace_id: str,
    buyer_id: str | None = None,
    supplier_id: str | None = None,
    user_id: str | None = None,
) -> None:
    """Be the API role until the caller's transaction ends, seeing one workspace, or one buyer or supplier of it.

    What is not theirs is simply not there. `user_id` is who is noted behind new versions.
    """
    try:
        _set(conn, [workspace_id, buyer_id or "", supplier_id or "", user_id or "", API_ROLE])
    except psycopg.errors.InsufficientPrivilege:
        raise SettingsError(
            f"the user of DATABASE_URL may not act as {API_ROLE}. Let an administrator run: "
            f"GRANT {API_ROLE} TO that user."
        ) from None


def _set(conn: psycopg.Connection, values: list[str]) -> None:
    conn.execute(
        """
        SELECT set_config('lead_pipeline.workspace_id', %s, true), set_config('lead_pipeline.buyer_id', %s, true),
            set_config('lead_pipeline.supplier_id', %s, true), set_config('lead_pipeline.user_id', %s, true),
            set_config('role', %s, true)
        """,
        values,
    )
