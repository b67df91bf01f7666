"""How often somebody may ask, kept in Postgres so that every process agrees. Knows no clock of its own.

`take` is GCRA: an allowance that refills evenly, in one row a caller; who comes too early is refused. `reserve` is the
same for what we ask others: who comes early gets a place in the queue. `take_upload` is a sliding window over the
uploads themselves.
"""

from datetime import datetime, timedelta

import psycopg

from lead_pipeline.errors import LimitReached

_WINDOW = timedelta(hours=1)
_SKEW = timedelta(minutes=1)  # between the clocks of two processes
_QUEUE = timedelta(seconds=10)  # how far ahead places are given out, so what an abandoned queue costs


def take(conn: psycopg.Connection, scope: str, *, per_minute: float, burst: int, now: datetime, count: int = 1) -> None:
    """Take one of a caller's allowance, or `count` and then all or none: `burst` at once after a pause, `per_minute`
    sustained.

    One statement, so two at once cannot both take the last. A clock that was set back locks nobody out: an allowance
    that is further away than it can be begins anew. Raises LimitReached with the seconds until the next.
    """
    step = timedelta(minutes=1) / per_minute
    row = conn.execute(
        """
        WITH taken AS (
            INSERT INTO core.rate_limits AS r (scope, full_at)
            SELECT %(scope)s, %(now)s + %(cost)s WHERE %(cost)s <= %(whole)s
            ON CONFLICT (scope) DO UPDATE SET full_at = CASE
                WHEN r.full_at > %(now)s + %(whole)s + %(skew)s THEN %(now)s
                ELSE greatest(r.full_at, %(now)s)
            END + %(cost)s
            WHERE greatest(r.full_at, %(now)s) + %(cost)s <= %(now)s + %(whole)s
                OR r.full_at > %(now)s + %(whole)s + %(skew)s
            RETURNING 1
        )
        SELECT EXISTS (SELECT 1 FROM taken), (SELECT full_at FROM core.rate_limits WHERE scope = %(scope)s)
        """,
        {"scope": scope, "now": now, "cost": step * count, "whole": step * burst, "skew": _SKEW},
    ).fetchone()
    assert row is not None
    is_taken, full_at = row
    if not is_taken:
        wait = step if full_at is None else full_at + step * count - step * burst - now
        seconds = max(wait, timedelta(milliseconds=1)).total_seconds()
        raise LimitReached(
            f"more than {per_minute:g} requests a minute. Wait {seconds:.3g} s, then send this one again.",
            retry_after=seconds,
        )


def reserve(conn: psycopg.Connection, scope: str, *, per_second: float, burst: int) -> float:
    """Take the next place in a queue, by the database's clock, and answer in how many seconds it is there.

    Places are given out 10 s ahead, or two steps where that is more. Raises LimitReached where the queue is as long as
    that already: nothing is taken. One that is longer than it can be is of a clock that was set back, and begins anew.
    One statement; its transaction does not wait for the disk, because a crash loses no more than a burst.
    """
    step = timedelta(seconds=1 / per_second)
    ahead = max(_QUEUE, 2 * step)
    row = conn.execute(
        """
        WITH taken AS (
            INSERT INTO core.rate_limits AS r (scope, full_at)
            SELECT %(scope)s, statement_timestamp() + %(step)s FROM set_config('synchronous_commit', 'off', true)
            ON CONFLICT (scope) DO UPDATE SET full_at = CASE
                WHEN r.full_at > statement_timestamp() + %(whole)s + %(ahead)s + %(step)s THEN excluded.full_at
                ELSE greatest(r.full_at, statement_timestamp()) + %(step)s
            END
            WHERE r.full_at + %(step)s <= statement_timestamp() + %(whole)s + %(ahead)s
                OR r.full_at > statement_timestamp() + %(whole)s + %(ahead)s + %(step)s
            RETURNING full_at
        )
        SELECT true, full_at - %(whole)s - statement_timestamp() FROM taken
        UNION ALL
        SELECT false, full_at + %(step)s - %(whole)s - statement_timestamp() FROM core.rate_limits
        WHERE scope = %(scope)s AND NOT EXISTS (SELECT 1 FROM taken)
        """,
        {"scope": scope, "step": step, "whole": step * burst, "ahead": ahead},
    ).fetchone()
    is_taken, wait = row or (False, ahead)  # somebody else made the row at this moment, and filled it
    if is_taken:
        return max(0.0, wait.total_seconds())
    # Half of the queue is left then: whoever waits outside comes back in time, and not too often.
    seconds = max(wait - ahead / 2, timedelta(milliseconds=1)).total_seconds()
    raise LimitReached(
        f"{scope} has a queue of {ahead.total_seconds():g} s already. Wait {seconds:.3g} s, then ask again.",
        retry_after=seconds,
    )


def take_upload(conn: psycopg.Connection, workspace_id: str, *, per_hour: int, now: datetime) -> None:
    """Make sure that a workspace may upload one more file, in the transaction that opens its job.

    Counts the jobs that keys opened in the hour before `now`, and makes other uploads of the workspace wait until
    this transaction ends. Raises LimitReached with the seconds until the oldest of them leaves the hour.
    """
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"core.bulk_upload_jobs/{workspace_id}"])
    row = conn.execute(
        """
        SELECT created_at FROM core.bulk_upload_jobs
        WHERE workspace_id = %s AND key_id IS NOT NULL AND created_at > %s
        ORDER BY created_at DESC OFFSET %s LIMIT 1
        """,
        [workspace_id, now - _WINDOW, per_hour - 1],
    ).fetchone()
    if row is not None:
        seconds = max(row[0] + _WINDOW - now, timedelta(seconds=1)).total_seconds()
        raise LimitReached(
            f"{per_hour} files were uploaded to this workspace within the last hour, which is its limit. "
            f"Upload this one in {seconds:.0f} s; nothing of it was kept.",
            retry_after=seconds,
        )
