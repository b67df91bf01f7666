"""Many writers at once, killed at random moments: the books agree, a lead is sold once, whoever came first.

LEAD_PIPELINE_SALES says how many leads (400); LEAD_PIPELINE_SEED repeats a campaign's moments.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lead_pipeline.steps.check_distribution import replay_candidates, uncharged_sales
from lead_pipeline.steps.verify_ledger import verify
from tests.integration.market import make_buyer, make_campaign, make_seller, subscribe
from tests.integration.selling import LOGICS, PRICE, assert_books_agree, offer

pytestmark = [pytest.mark.integration, pytest.mark.slow]
SALES = int(os.environ.get("LEAD_PIPELINE_SALES", "400"))
SEED = int(os.environ.get("LEAD_PIPELINE_SEED", "20260101"))
WRITERS, SELLERS, BUYERS = 64, 3, 6
STATES = ("CA", "NY", "TX", "WA")


def at_work(work: str, *, kills: int, **arguments: Any) -> dict[str, int]:
    script = Path(__file__).with_name("many_sellers_at_work.py")
    order = {"work": work, "arguments": arguments, "writers": WRITERS, "seed": SEED, "kills": kills}
    done = subprocess.run(
        [sys.executable, str(script)], input=json.dumps(order), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout)


def test_many_writers_that_are_killed_leave_books_that_agree(database: Any) -> None:
    with database.connect() as conn:
        campaigns = []
        for number in range(SELLERS):
            seller = make_seller(conn, f"seller-{number}")
            own = [make_campaign(conn, seller, logic=logic, price_minor=PRICE) for logic in LOGICS]
            for name in range(BUYERS):
                share = SALES // (SELLERS * BUYERS)
                buyer = make_buyer(conn, seller, f"buyer {name}", balance_minor=(share // 2 + 1) * PRICE,
                                   weekly_limit_minor=(share + 1) * PRICE if name % 2 else None)  # fmt: skip
                for campaign in own:
                    subscribe(conn, campaign, buyer, daily_cap=max(2, share // 3) if name % 3 else None)
            campaigns += own
        offer(conn, campaigns, [STATES[number % len(STATES)] for number in range(SALES)])
    told = at_work("sell", kills=max(20, SALES // 20), url=database.url, amount_minor=3 * PRICE)
    with database.connect() as conn:
        assert (0, WRITERS) == (told["failed"], told["done"])
        assert 10 < told["killed"]
        assert_books_agree(conn)
        undecided = "SELECT count(*) FROM market.campaign_leads WHERE outcome IS NULL"
        assert [(0,)] == conn.execute(undecided).fetchall()
        [(deadlocks,)] = conn.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert 0 == deadlocks
        days = [day for (day,) in conn.execute("SELECT DISTINCT (decided_at)::date FROM core.assignment_candidates")]
        bought = conn.execute("SELECT count(*) FROM core.lead_assignments").fetchone()
    verify(database.url)
    assert SALES // 2 < bought[0]
    assert SALES <= sum(replay_candidates(database.url, day)[0] for day in days)
    for day in days:
        assert [] == replay_candidates(database.url, day)[1]
        assert uncharged_sales(database.url, day).empty


def test_the_same_lead_at_the_same_time_is_sold_once(database: Any) -> None:
    with database.connect() as conn:
        seller = make_seller(conn, "ada")
        campaign = make_campaign(conn, seller, price_minor=PRICE)
        for name in "ab":
            subscribe(conn, campaign, make_buyer(conn, seller, name, balance_minor=10 * PRICE))
    fingerprint = "018f0000-0000-4000-8000-000000000001"
    times = -(-SALES // WRITERS)
    told = at_work("twins", kills=5, url=database.url, times=times, fingerprint=fingerprint, campaign_id=campaign)
    assert (0, WRITERS) == (told["failed"], told["done"])
    with database.connect() as conn:
        for table in ("core.leads", "market.campaign_leads", "core.lead_assignments", "core.assignment_candidates"):
            assert [(1,)] == conn.execute(f"SELECT count(*) FROM {table}").fetchall(), table
        assert_books_agree(conn)
