"""Whether a month of usage waits to be closed. Sums and closes nothing (`store.usage`)."""

from datetime import date

import psycopg

# As `usage.unclosed` has it, but by an index of each workspace: it is asked every few seconds.
_OPEN = """
    WITH closed AS (
        SELECT coalesce(
            (SELECT (max(month) + interval '1 month')::timestamp AT TIME ZONE 'UTC' FROM outbound.usage_statements),
            '-infinity'
        ) AS until
    )
    SELECT count(*) FROM core.workspaces w CROSS JOIN closed WHERE EXISTS (
        SELECT 1 FROM outbound.usage_log u WHERE u.workspace_id = w.workspace_id
        AND u.occurred_at >= closed.until AND u.occurred_at < %s::timestamp AT TIME ZONE 'UTC'
    )
"""


def workspaces_to_bill(conn: psycopg.Connection, before: date) -> int:
    """How many workspaces used something in months that ended by `before`, the first of one in UTC, and are open."""
    row = conn.execute(_OPEN, [before]).fetchone()
    assert row is not None
    return int(row[0])
