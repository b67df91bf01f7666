"""Leads that wait for a buyer, decided in chunks: seller by seller, a transaction a chunk, oldest lead first.

How a chunk is decided is `distribute`'s; which leads wait is `store.unsold_leads`'.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from lead_pipeline.steps.distribute import distribute_leads
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.market_lock import lock_sellers
from lead_pipeline.store.unsold_leads import Waiting, sellers_with_leads, waiting_leads

_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"


def distribute_waiting(
    url: str, run: Run, *, day: date | None = None, again: bool = False, at_once: int = 10_000, writers: int = 2
) -> dict[str, int]:
    """Decide leads without an outcome, and unsold ones of the last 24 hours once something that decides has changed.

    Args:
        day: only leads of that day; all where it is None.
        again: all unsold ones of the last 24 hours, whether something has changed or not.
        at_once: leads a transaction. A seller's other decisions wait for as long as one takes.
        writers: sellers at the same time, each with a connection. A seller has one writer: its leads are decided in
            turn.

    Returns:
        How many leads had each outcome, and `sales`: how many assignments were made.
    """
    waiting = Waiting(run.clock(), day=day, again=again)
    with connect(url, autocommit=True) as conn:
        sellers = sellers_with_leads(conn, waiting)
    counts: Counter[str] = Counter(sales=0)
    with ThreadPoolExecutor(max_workers=max(1, min(writers, len(sellers)))) as pool:
        for of_one in pool.map(_seller(url, run, waiting, at_once), sellers):
            counts.update(of_one)
    return dict(counts)


def _seller(url: str, run: Run, waiting: Waiting, at_once: int) -> Callable[[str], Counter[str]]:
    """What decides all that waits of one seller, by its workspace id, and counts it."""

    def decide(workspace_id: str) -> Counter[str]:
        counts: Counter[str] = Counter()
        after: str | None = _BEFORE_ALL
        with connect(url, autocommit=True) as conn:
            while after is not None:
                with conn.transaction():
                    lock_sellers(conn, [workspace_id])
                    leads = waiting_leads(conn, waiting, workspace_id, after=after, limit=at_once)
                    if len(leads):
                        decided = distribute_leads(conn, leads, run)
                        counts.update(decided.drop_duplicates("lead_id")["outcome"].tolist())
                        counts["sales"] += int(decided["buyer_id"].notna().sum())
                after = None if len(leads) < at_once else str(leads["lead_id"].iloc[-1])
        return counts

    return decide
