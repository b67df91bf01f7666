"""The marts of the marketplace: their figures against those reckoned by hand from `small_market`.

The formulas alone, also with total 0, and the intervals of the literature are unit tests inside the dbt project.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.integration import small_market
from tests.integration.warehouse import PROJECT, build, dbt, rows

pytestmark = pytest.mark.integration

MARTS = (
    "dim_buyers", "dim_campaigns", "fct_campaign_assignments", "fct_candidate_outcomes", "fct_wallet_postings",
    "buyer_daily", "supplier_quality", "rotation_fairness",
)  # fmt: skip
SINGULAR = (
    "every_entry_sums_to_zero", "balances_are_the_sums_of_their_postings", "every_sale_is_charged_once",
    "chosen_candidates_are_sales", "no_personal_data_in_the_marts",
)  # fmt: skip
AS_OF = ("--vars", json.dumps({"as_of": small_market.AS_OF}))

# Query of a mart: the rows that the small market must give.
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    """SELECT buyer_name, status, currency, balance_minor, reserved_minor, weekly_limit_minor, active_subscriptions
    FROM analytics.dim_buyers ORDER BY 1""": [
        ("B1", "ACTIVE", "USD", 10000 - 2 * 2500, 0, 10000, 1),
        ("B2", "ACTIVE", "USD", 10000 - 2 * 2500 + 2500, 0, None, 1),
        ("B3", "ACTIVE", "USD", 1000 + 2000 - 3000, 0, None, 2),
    ],
    """SELECT slug, category_slug, distribution_logic, price_minor, subscriptions
    FROM analytics.dim_campaigns ORDER BY 1""": [
        ("rotation", "solar", "ROUND_ROBIN", 2500, 3),
        ("waterfall", "solar", "WATERFALL", 3000, 1),
    ],
    """SELECT right(lead_id::text, 1), right(buyer_id::text, 1), right(subscription_id::text, 1), price_minor,
        is_refunded, lead_score, charge_entry_id, to_char(day, 'MM-DD'), seconds_to_sale
    FROM analytics.fct_campaign_assignments ORDER BY 1""": [
        ("1", "1", "1", 2500, False, 61, 4, "03-01", Decimal("2.000")),
        ("2", "2", "2", 2500, True, 62, 5, "03-01", Decimal("3602.000")),
        ("3", "1", "1", 2500, False, 63, 6, "03-01", Decimal("7202.000")),
        ("4", "2", "2", 2500, False, 64, 7, "03-01", Decimal("48602.000")),
        ("5", "3", "4", 3000, False, 65, 9, "03-02", Decimal("93602.000")),
    ],
    """SELECT right(lead_id::text, 1), round, place, outcome, verdict, observed, bound, round(expected_share, 2)
    FROM analytics.fct_candidate_outcomes ORDER BY 1, 2, 3""": [
        ("1", 1, 1, "assigned", "chosen", 0, None, Decimal("0.50")),
        ("1", 1, 2, "assigned", "passed_over", 1, None, Decimal("0.50")),
        ("1", 1, 3, "assigned", "wallet", 1000, 2500, None),
        ("2", 1, 1, "assigned", "passed_over", 2, None, Decimal("0.50")),
        ("2", 1, 2, "assigned", "chosen", 0, None, Decimal("0.50")),
        ("2", 1, 3, "assigned", "wallet", 1000, 2500, None),
        ("3", 1, 1, "assigned", "chosen", 0, None, Decimal("0.50")),
        ("3", 1, 2, "assigned", "passed_over", 2, None, Decimal("0.50")),
        ("3", 1, 3, "assigned", "wallet", 1000, 2500, None),
        ("4", 1, 1, "assigned", "cap", 2, 2, None),
        ("4", 1, 2, "assigned", "chosen", 0, None, Decimal("1.00")),
        ("4", 1, 3, "assigned", "wallet", 1000, 2500, None),
        ("5", 1, 1, "everybody_refused", "wallet", 1000, 3000, None),
        ("5", 2, 1, "assigned", "chosen", 1, None, Decimal("1.00")),
    ],
    """SELECT right(buyer_id::text, 1), kind, right(lead_id::text, 1), amount_minor, balance_minor
    FROM analytics.fct_wallet_postings ORDER BY buyer_id, entry_id""": [
        ("1", "fund", None, 10000, 10000),
        ("1", "charge", "1", -2500, 7500),
        ("1", "charge", "3", -2500, 5000),
        ("2", "fund", None, 10000, 10000),
        ("2", "charge", "2", -2500, 7500),
        ("2", "charge", "4", -2500, 5000),
        ("2", "refund", "2", 2500, 7500),
        ("3", "fund", None, 1000, 1000),
        ("3", "fund", None, 2000, 3000),
        ("3", "charge", "5", -3000, 0),
    ],
    # 1 March is a Sunday: the week of the second is another.
    """SELECT right(buyer_id::text, 1), to_char(day, 'MM-DD'), leads, capped_leads, daily_cap, cap_fill, spent_minor,
        refunded_minor, average_price_minor, week_spent_minor, weekly_limit_used, month_spent_minor
    FROM analytics.buyer_daily WHERE day BETWEEN '2026-03-01' AND '2026-03-02' ORDER BY 1, 2""": [
        ("1", "03-01", 2, 2, 2, Decimal("100.00"), 5000, 0, Decimal("2500.00"), 5000, Decimal("50.00"), 5000),
        ("1", "03-02", 0, 0, 2, Decimal("0.00"), 0, 0, None, 0, Decimal("0.00"), 5000),
        ("2", "03-01", 2, 0, None, None, 5000, 2500, Decimal("2500.00"), 2500, None, 2500),
        ("2", "03-02", 0, 0, None, None, 0, 0, None, 0, None, 2500),
        ("3", "03-01", 0, 0, None, None, 0, 0, None, 0, None, 0),
        ("3", "03-02", 1, 0, None, None, 3000, 0, Decimal("3000.00"), 3000, None, 3000),
    ],
    # From the day that they are there to the 8th, on which it is still 8 March in New York.
    """SELECT buyer_id IS NOT NULL, count(*), min(day)::text, max(day)::text
    FROM analytics.buyer_daily GROUP BY 1""": [(True, 3 * 17, "2026-02-20", "2026-03-08")],
    """SELECT received, accepted, average_lead_score, duplicates, duplicates_rate, duplicates_low, duplicates_high,
        refused, refused_rate, fakes, fakes_rate, fakes_low, fakes_high, sales, refunds, refunds_rate, refunds_low,
        refunds_high
    FROM analytics.supplier_quality""": [
        (
            8, 6, Decimal("63.5"), 1, Decimal("12.50"), Decimal("2.24"), Decimal("47.09"), 1, Decimal("12.50"), 1,
            Decimal("16.67"), Decimal("3.01"), Decimal("56.35"), 5, 1, Decimal("20.00"), Decimal("3.62"),
            Decimal("62.45"),
        )
    ],
    # B2 was eligible for all four and alone for the last: 3 x 1/2 + 1 of 4.
    """SELECT right(campaign_id::text, 1), to_char(day, 'MM-DD'), right(buyer_id::text, 1), eligible_leads,
        received_leads, expected_leads, expected_share, real_share, difference, longest_streak
    FROM analytics.rotation_fairness ORDER BY 1, 2, 3""": [
        ("1", "03-01", "1", 3, 2, Decimal("1.5000"), Decimal("50.00"), Decimal("66.67"), Decimal("16.67"), 1),
        ("1", "03-01", "2", 4, 2, Decimal("2.5000"), Decimal("62.50"), Decimal("50.00"), Decimal("-12.50"), 1),
        ("2", "03-02", "3", 1, 1, Decimal("1.0000"), Decimal("100.00"), Decimal("100.00"), Decimal("0.00"), 1),
    ],
}  # fmt: skip
WRITTEN = "SELECT count(*), count(DISTINCT (lead_id, round)) FROM analytics.fct_candidate_outcomes"


def test_the_marts_of_the_market_hold_the_numbers_reckoned_by_hand(database: Any, tmp_path: Path) -> None:
    with database.connect() as conn:
        small_market.fill(conn)
        upstream = [f"+{mart}" for mart in MARTS]
        cautious = ("--indirect-selection", "cautious", "--select", *upstream, *SINGULAR)
        built = build(database, tmp_path, *cautious, *AS_OF)
        assert not built.failures, built.log
        for query, expected in EXPECTED.items():
            assert expected == rows(conn, query), query

        # The next build adds what is new, once, and drops what is out of the window.
        conn.execute("UPDATE analytics.fct_candidate_outcomes SET decided_at = '2026-02-06Z' WHERE place = 3")
        [(set_id,)] = rows(conn, "SELECT set_id FROM core.assignment_candidates WHERE round = 2")
        small_market.decide(
            conn, 6, "2026-03-02 16:59Z", set_id, 9, 2, "everybody_refused", [small_market.WALLET], [10]
        )
        again = dbt(database, tmp_path, "run", "--select", "fct_candidate_outcomes", "rotation_fairness", *AS_OF)
        assert not again.failures, again.log
        assert [(14 - 4 + 1, 7)] == rows(conn, WRITTEN)
        fairness = next(query for query in EXPECTED if "rotation_fairness" in query)
        assert EXPECTED[fairness] == rows(conn, fairness)


def test_every_model_says_what_each_of_its_columns_is() -> None:
    import yaml

    documented = {}
    for path in PROJECT.glob("models/**/*.yml"):
        for model in yaml.safe_load(path.read_text()).get("models", []):
            documented[model["name"]] = model
    silent = [
        f"{name}.{column['name']}"
        for name, model in documented.items()
        for column in model["columns"]
        if not column.get("description")
    ]
    assert [] == silent
    assert set() == {path.stem for path in PROJECT.glob("models/**/*.sql")} - documented.keys()
    assert set() == {mart for mart in MARTS if not all("data_type" in column for column in documented[mart]["columns"])}
