"""The same lead, many times at once, over HTTP: one sale and one charge.

LEAD_PIPELINE_SAME_LEADS says how many are sent; the soak sends 10,000.
"""

import asyncio
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from lead_pipeline.service.server import IntakeServer
from lead_pipeline.steps.verify_ledger import verify
from tests.integration.market import Market, make_campaign, make_category, subscribe

pytestmark = [pytest.mark.integration, pytest.mark.slow]
COUNT = int(os.environ.get("LEAD_PIPELINE_SAME_LEADS", "200"))
SUPPLIERS, CONNECTIONS = 4, 64
LEAD = {
    "campaignId": "life",
    "categoryId": "life-insurance",
    "state": "CA",
    "quality": "HOT",
    "data": {"firstName": "Ada", "lastName": "Lee", "email": "ada@lee-family.com"},
}


@pytest.mark.parametrize("logic", ["ROUND_ROBIN", "BROADCAST"])
def test_the_same_lead_many_times_at_once_is_sold_once_and_charged_once(
    market: Market, tmp_path: Path, logic: str
) -> None:
    seller = market.seller("Ada")
    with market.connect() as conn:
        category = make_category(conn, seller.workspace_id, "life-insurance")
        campaign = make_campaign(conn, seller.workspace_id, slug="life", category_id=category, logic=logic)
        for name in ("Bob", "Eve"):
            subscribe(conn, campaign, market.buyer(seller, name, balance_minor=1_000_000).buyer_id)
    keys = [market.supplier(seller, f"S{number}", categories=["life-insurance"]) for number in range(SUPPLIERS)]
    settings = market.database.settings(LEAD_PIPELINE_VAR=str(tmp_path), INGEST_PER_MINUTE="1000000")
    with IntakeServer(settings, market.database.url) as one, IntakeServer(settings, market.database.url) as two:
        answers = asyncio.run(_send([one.url, two.url], keys))
    sales = 2 if logic == "BROADCAST" else 1
    statuses = Counter(answer.status_code for answer in answers)
    # 202: the other service was deciding this very drop.
    assert (1, COUNT - 1) == (statuses[201], statuses[200] + statuses[202]), statuses
    told = [answer.json() for answer in answers if answer.status_code != 202]
    assert 1 == len({one["leadId"] for one in told})
    assert {"assigned"} == {one["outcome"] for one in told}
    assert [(sales, sales, sales)] == market.rows(
        "SELECT (SELECT count(*) FROM core.lead_assignments WHERE destination_kind = 'buyer'), "
        "(SELECT count(*) FROM market.ledger_entries WHERE kind = 'charge'), "
        "(SELECT sum(leads) FROM market.subscription_days)"
    )
    verify(market.database.url)


async def _send(urls: list[str], keys: list[str]) -> list[Any]:
    """Over both services, from all suppliers; every other one under a name of its own, so as a drop of its own."""
    body, numbers, answers = json.dumps(LEAD).encode(), iter(range(COUNT)), []

    async def keep_sending(url: str) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=httpx.Timeout(600)) as client:
            for number in numbers:
                headers = {"X-API-Key": keys[number % len(keys)], "Content-Type": "application/json"}
                if number // len(keys) % 2:
                    headers["Idempotency-Key"] = f"name-{number}"
                answers.append(await client.post("/api/leads/ingest", content=body, headers=headers))

    await asyncio.gather(*(keep_sending(urls[worker % len(urls)]) for worker in range(CONNECTIONS)))
    return answers
