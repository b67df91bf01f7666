"""What vendors brought, cost and answered: the marts against the same figures computed straight from the tables."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lead_pipeline.steps.pull_companies import pull_companies
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.validate_pages import validate_pages
from lead_pipeline.vendors.datashopper import SearchPage
from tests.integration.warehouse import build

pytestmark = pytest.mark.integration

DAYS = [dt.date(2026, 3, 2) + dt.timedelta(days=back) for back in (0, 1, 33)]
PRICES = [(Decimal("0.10"), "USD"), (Decimal("0.25"), "USD"), (Decimal("0.25"), "USD")]
MARTS = ("query_costs", "enrichment_daily", "vendor_calls_daily")

COSTS = """
SELECT q.name, d.day, headers ->> 'currency', sum((headers ->> 'companies')::int),
    (SELECT count(*) FROM core.leads l JOIN raw.drops x USING (drop_id)
        WHERE x.query_id = q.query_id AND x.day = d.day),
    sum((headers ->> 'companies')::int * (headers ->> 'price')::numeric)
FROM raw.drops d JOIN core.queries q USING (query_id) WHERE d.kind = 'vendor_page' GROUP BY q.query_id, d.day, 3
ORDER BY 1, 2
"""
ENRICHED = """
SELECT day, vendor, count(*), count(*) FILTER (WHERE status = 'completed'),
    count(*) FILTER (WHERE status = 'skipped'), count(*) FILTER (WHERE status = 'failed'),
    count(*) FILTER (WHERE status = 'pending'),
    round(100.0 * count(*) FILTER (WHERE status = 'completed')
        / nullif(count(*) FILTER (WHERE status IN ('completed', 'failed')), 0), 2),
    round(avg(extract(epoch FROM settled_at - requested_at)) FILTER (WHERE status IN ('completed', 'failed')), 1),
    round(avg(contacts_found) FILTER (WHERE status = 'completed'), 2)
FROM core.enrichments GROUP BY day, vendor ORDER BY 1, 2
"""
CALLED = """
SELECT (minute AT TIME ZONE 'UTC')::date, vendor,
    coalesce(sum(calls) FILTER (WHERE outcome <> 'circuit_open'), 0)::bigint,
    coalesce(sum(calls) FILTER (WHERE outcome IN ('unavailable', 'unknown')), 0)::bigint
FROM raw.vendor_calls GROUP BY 1, 2 ORDER BY 1, 2
"""
MADE_CALLS = """
INSERT INTO raw.vendor_calls (vendor, outcome, minute, calls, seconds) VALUES
('clay', 'ok', '2026-03-02 23:59Z', 5, 1.5), ('clay', 'unavailable', '2026-03-02 10:00Z', 2, 60),
('clay', 'unknown', '2026-03-02 10:01Z', 1, 30), ('clay', 'ok', '2026-03-03 00:00Z', 4, 1),
('datashopper', 'circuit_open', '2026-03-03 00:00Z', 9, 0), ('c2s', 'refused', '2026-03-03 12:00Z', 2, 0.5)
"""


class Searching:
    """A company search with pages of a few companies, some of them the same for every topic."""

    def search(self, params: Any, cursor: str | None) -> SearchPage:
        number = int(cursor or 0)
        shared = [{"name": f"Shared {number}", "website": f"shared{number}.example"}, {"name": None}]
        own = [
            {"name": f"{params['topic']} {number}", "website": f"{params['topic'].replace(' ', '')}{number}.example"}
        ]
        page = [*shared, *own]
        body = json.dumps({"companies": page}).encode()
        return SearchPage(body, page, str(number + 1) if number < 2 else None, {})


def fill(world: Any) -> None:
    """Three days at two prices, the last one more than thirty days later; enrichments of every status; calls."""
    for day, (price, currency) in zip(DAYS, PRICES, strict=True):
        pull_companies(world.url, Searching(), day, Run("r"), limit=8, concurrency=1, price=price, currency=currency)
        validate_pages(world.url, day)
    world.execute(
        """
        INSERT INTO core.enrichments (lead_id, vendor, status, reason, contacts_found, day, requested_at, settled_at)
        SELECT lead_id, 'clay', status, CASE WHEN status IN ('skipped', 'failed') THEN 'why' END,
            CASE WHEN status = 'completed' THEN n %% 4 ELSE 0 END, day, received_at,
            CASE WHEN status <> 'pending' THEN received_at + n * interval '1.7 seconds' END
        FROM (SELECT *, row_number() OVER (ORDER BY lead_id) AS n FROM core.leads) leads,
            LATERAL (SELECT (ARRAY['completed', 'completed', 'skipped', 'failed', 'pending'])[1 + n %% 5]) s (status)
        """
    )
    world.execute(MADE_CALLS)


def test_the_marts_of_vendors_say_what_the_tables_say(world: Any, tmp_path: Path) -> None:
    fill(world)
    upstream = [f"+{mart}" for mart in MARTS]
    built = build(world, tmp_path, "--indirect-selection", "cautious", "--select", *upstream, "stg_workspaces")
    assert not built.failures, built.log

    costs = world.rows(
        "SELECT query_name, day, currency, companies, leads, total_cost FROM analytics.query_costs ORDER BY 1, 2"
    )
    assert costs == world.rows(COSTS)
    assert {8 * Decimal("0.10"), 8 * Decimal("0.25")} == {cost for *_, cost in costs}
    assert {8} == {companies for *_, companies, _, _ in costs}
    first, second, later = (Decimal("0.8") * 365, Decimal("2.8") / 2 * 365, Decimal("2") / 30 * 365)
    assert [(day, round(year, 2)) for day, year in zip(DAYS, (first, second, later), strict=True)] == world.rows(
        "SELECT DISTINCT day, annual_projection FROM analytics.query_costs ORDER BY 1"
    )
    assert [(True, True)] == world.rows(
        "SELECT bool_and(companies = leads + known_leads + refused), "
        "bool_and(cost_per_lead IS NOT DISTINCT FROM round(total_cost / nullif(leads, 0), 4)) "
        "FROM analytics.query_costs"
    )
    # The later days brought the same companies again: paid for, and no lead of them is new.
    assert {None} == {
        cost for (cost,) in world.rows(f"SELECT cost_per_lead FROM analytics.query_costs WHERE day > '{DAYS[0]}'")
    }

    assert world.rows(ENRICHED) == world.rows("SELECT * FROM analytics.enrichment_daily ORDER BY 1, 2")
    assert world.rows(CALLED) == world.rows(
        "SELECT day, vendor, calls, unavailable + outcome_unknown FROM analytics.vendor_calls_daily ORDER BY 1, 2"
    )
    assert [
        ("clay", Decimal("37.50"), Decimal("11.438")),
        ("c2s", Decimal("0.00"), Decimal("0.250")),
        ("clay", Decimal("0.00"), Decimal("0.250")),
        ("datashopper", None, None),
    ] == world.rows(
        "SELECT vendor, failure_rate, average_seconds FROM analytics.vendor_calls_daily ORDER BY day, vendor"
    )


def test_a_page_keeps_the_price_at_which_it_was_pulled_when_the_price_changes(world: Any) -> None:
    noted = "SELECT DISTINCT headers ->> 'price', headers ->> 'currency' FROM raw.drops"
    for price in (Decimal("0.10"), Decimal("99")):
        pull_companies(world.url, Searching(), DAYS[0], Run("r"), limit=8, concurrency=1, price=price, currency="BRL")
        assert [("0.10", "BRL")] == world.rows(noted)


def test_the_daily_job_notes_the_price_of_the_settings(
    world: Any, dagster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATASHOPPER_COMPANY_PRICE", "0.125")
    monkeypatch.setenv("DATASHOPPER_CURRENCY", "EUR")
    assert world.run_job(dagster).success
    assert [("0.125", "EUR")] == world.rows(
        "SELECT DISTINCT headers ->> 'price', headers ->> 'currency' FROM raw.drops WHERE source = 'datashopper' "
        "AND kind = 'vendor_page'"
    )
