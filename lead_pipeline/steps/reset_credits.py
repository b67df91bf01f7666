"""All users' daily credits to nought, once a UTC day.

Only the reset of the day that has begun has an effect. Days that were missed get no row: nobody's credits were reset
on their beginning, and a row says that they were.
"""

from lead_pipeline.domain.periods import utc_day
from lead_pipeline.steps.run import Run
from lead_pipeline.store import credit_resets as store
from lead_pipeline.store.connections import connect
from lead_pipeline.store.credit_resets import Reset


def reset_credits(url: str, run: Run) -> Reset | None:
    """Reset for the day that it is. None, and nothing done, where that was done before."""
    with connect(url) as conn:
        store.take_turn(conn)
        now = run.clock()
        return store.reset_credits(conn, utc_day(now), now=now, run_id=run.run_id)
