"""The marts of what leaves: their figures against those reckoned by hand from `small_outbound`, and when they warn.

The formulas alone, and budgets at the edge of burning, are unit tests inside the dbt project.
"""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
import pycountry
import pytest
import yaml

from lead_pipeline.domain.deliveries import CHANNELS, KINDS
from lead_pipeline.domain.money import decimals_of
from tests.integration import small_market, small_outbound
from tests.integration.warehouse import PROJECT, build, rows

pytestmark = pytest.mark.integration

MARTS = (
    "fct_deliveries", "delivery_daily", "channel_rates", "destination_health", "platform_daily",
    "platform_access_daily", "buyer_service_levels", "usage_daily", "usage_statements_monthly", "topic_trend_weekly",
    "credit_resets_daily", "manager_notifications_daily", "crm_messages_daily",
)  # fmt: skip
BURNS = ("no_service_level_burns_fast", "no_service_level_burns_slowly")
SINGULAR = (
    "every_confirmed_delivery_has_an_attempt", "every_taken_email_and_sms_is_in_the_usage_log_once",
    "statements_are_the_sums_of_their_log", "+every_lead_that_buyers_are_told_of_is_theirs",
    "no_personal_data_in_the_marts", "+every_lead_id_has_its_lead", *BURNS,
)  # fmt: skip

# Query of a mart: the rows that the small world must give.
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    """SELECT right(delivery_id::text, 2), right(destination_id::text, 2), state, is_open, sends, asks, resends,
        replays, last_outcome, last_status, to_char(due_at, 'MM-DD HH24:MI:SS'), seconds_to_confirmation
    FROM analytics.fct_deliveries WHERE day >= '2026-03-08' ORDER BY 1""": [
        ("01", "d1", "confirmed", False, 1, 0, 0, 0, "confirmed", 200, "03-08 10:00:00", Decimal("5.000")),
        ("02", "d1", "confirmed", False, 2, 0, 0, 0, "confirmed", 200, "03-08 10:00:00", Decimal("300.000")),
        ("03", "d1", "dead", False, 1, 0, 0, 1, "unavailable", None, "03-08 11:00:00", None),
        ("04", "d1", "confirmed", False, 2, 0, 1, 0, "confirmed", 204, "03-09 11:30:00", Decimal("2.000")),
        ("05", "d1", "intended", True, 0, 0, 0, 0, None, None, "03-09 11:59:30", None),
        # Written down at midnight in New York, which is 05:00 UTC; 07:00 is 11:00 UTC, as the clocks went forward.
        ("06", "d2", "confirmed", False, 1, 1, 0, 0, "confirmed", 200, "03-08 11:00:00", Decimal("20.000")),
        ("07", "d2", "failed", False, 1, 1, 0, 0, "refused", 200, "03-08 12:00:00", None),
        ("08", "d2", "sent", True, 1, 0, 0, 0, "accepted", 200, "03-09 11:00:00", None),
        ("09", "d3", "confirmed", False, 1, 1, 0, 0, "confirmed", 200, "03-09 10:00:00", Decimal("30.000")),
        ("10", "d3", "skipped", False, 0, 0, 0, 0, None, None, "03-09 10:01:00", None),
        ("11", "d4", "dead", False, 0, 0, 0, 0, None, None, "03-09 09:00:00", None),
        ("12", "d4", "confirmed", False, 1, 0, 0, 0, "confirmed", 200, "03-09 08:00:00", Decimal("2.000")),
        ("13", "d5", "skipped", False, 0, 0, 0, 0, None, None, "03-09 07:00:00", None),
    ],
    """SELECT channel, kind, to_char(day, 'DD'), messages, confirmed, failed, dead, skipped, open, resent, replayed,
        sends, sends_per_message, success_rate, p50_seconds, p95_seconds
    FROM analytics.delivery_daily WHERE day >= '2026-03-08' ORDER BY 1, 2, 3""": [
        ("email", "daily_summary", "09", 1, 0, 0, 0, 0, 1, 0, 0, 1, Decimal("1.00"), None, None, None),
        (
            "email", "new_lead", "08", 2, 1, 1, 0, 0, 0, 0, 0, 2, Decimal("1.00"), Decimal("50.00"), Decimal("20.0"),
            Decimal("20.0"),
        ),
        ("email", "new_lead", "09", 1, 0, 0, 0, 1, 0, 0, 0, 0, None, None, None, None),
        (
            "slack", "manager_notice", "09", 2, 1, 0, 1, 0, 0, 0, 0, 1, Decimal("1.00"), Decimal("50.00"),
            Decimal("2.0"), Decimal("2.0"),
        ),
        ("sms", "card_declined", "09", 1, 0, 0, 0, 1, 0, 0, 0, 0, None, None, None, None),
        (
            "sms", "low_balance", "09", 1, 1, 0, 0, 0, 0, 0, 0, 1, Decimal("1.00"), Decimal("100.00"),
            Decimal("30.0"), Decimal("30.0"),
        ),
        ("webhook", "daily_summary", "09", 1, 0, 0, 0, 0, 1, 0, 0, 0, None, None, None, None),
        (
            "webhook", "hot_lead", "08", 1, 1, 0, 0, 0, 0, 0, 0, 2, Decimal("2.00"), Decimal("100.00"),
            Decimal("300.0"), Decimal("300.0"),
        ),
        ("webhook", "low_balance", "08", 1, 0, 0, 1, 0, 0, 0, 1, 1, Decimal("1.00"), Decimal("0.00"), None, None),
        (
            "webhook", "new_lead", "08", 1, 1, 0, 0, 0, 0, 0, 0, 1, Decimal("1.00"), Decimal("100.00"),
            Decimal("5.0"), Decimal("5.0"),
        ),
        (
            "webhook", "recharged", "09", 1, 1, 0, 0, 0, 0, 1, 0, 2, Decimal("2.00"), Decimal("100.00"),
            Decimal("2.0"), Decimal("2.0"),
        ),
    ],
    # Of 5 and 300 seconds the 95th percentile is 5 + 0.95 x 295.
    """SELECT to_char(day, 'DD'), channel, messages, confirmed, failed, dead, skipped, open, success_rate, sends,
        sends_per_message, p95_seconds
    FROM analytics.channel_rates WHERE day >= '2026-03-08' ORDER BY 1, 2""": [
        ("08", "email", 2, 1, 1, 0, 0, 0, Decimal("50.00"), 2, Decimal("1.00"), Decimal("20.0")),
        ("08", "slack", 0, 0, 0, 0, 0, 0, None, 0, None, None),
        ("08", "sms", 0, 0, 0, 0, 0, 0, None, 0, None, None),
        ("08", "webhook", 3, 2, 0, 1, 0, 0, Decimal("66.67"), 4, Decimal("1.33"), Decimal("285.3")),
        ("09", "email", 2, 0, 0, 0, 1, 1, None, 1, Decimal("1.00"), None),
        ("09", "slack", 2, 1, 0, 1, 0, 0, Decimal("50.00"), 1, Decimal("1.00"), Decimal("2.0")),
        ("09", "sms", 2, 1, 0, 0, 1, 0, Decimal("100.00"), 1, Decimal("1.00"), Decimal("30.0")),
        ("09", "webhook", 2, 1, 0, 0, 0, 1, Decimal("100.00"), 2, Decimal("2.00"), Decimal("2.0")),
    ],
    "SELECT count(*), min(day), max(day) FROM analytics.channel_rates": [
        (4 * (28 + 9), date(2026, 2, 1), date(2026, 3, 9))
    ],
    """SELECT right(destination_id::text, 1), channel, status, failures, to_char(failing_since, 'HH24:MI'),
        open_messages, settled_1d, success_rate_1d, settled_7d, success_rate_7d, settled_28d, success_rate_28d,
        p95_seconds_28d, sends_28d, sends_per_message_28d, to_char(last_confirmed_at, 'MM-DD HH24:MI:SS')
    FROM analytics.destination_health ORDER BY 1""": [
        # 3 was settled 24 hours and 59 minutes before, 7 was 23 and 59. Of 2, 5 and 300: 5 + 0.9 x 295.
        (
            "1", "webhook", "active", 0, None, 1, 1, Decimal("100.00"), 4, Decimal("75.00"), 4, Decimal("75.00"),
            Decimal("270.5"), 6, Decimal("1.50"), "03-09 11:30:02",
        ),
        (
            "2", "email", "active", 0, None, 1, 1, Decimal("0.00"), 2, Decimal("50.00"), 2, Decimal("50.00"),
            Decimal("20.0"), 2, Decimal("1.00"), "03-08 11:00:20",
        ),
        (
            "3", "sms", "active", 0, None, 0, 1, Decimal("100.00"), 1, Decimal("100.00"), 1, Decimal("100.00"),
            Decimal("30.0"), 1, Decimal("1.00"), "03-09 10:00:30",
        ),
        (
            "4", "slack", "disabled", 7, "08:30", 0, 2, Decimal("50.00"), 2, Decimal("50.00"), 2, Decimal("50.00"),
            Decimal("2.0"), 1, Decimal("0.50"), "03-09 08:00:02",
        ),
    ],
    # B1: 2 of 4 bad where one in ten may be. B2: 7 bounced, and 8 is late since 11:10.
    """SELECT channel, right(buyer_id::text, 1), objective_percentage, within_seconds, window_days, messages, good,
        service_level, budget_left_percentage, messages_1h, burn_rate_1h, messages_6h, burn_rate_6h, messages_3d,
        burn_rate_3d, is_burning_fast, is_burning_slowly
    FROM analytics.buyer_service_levels ORDER BY 1, 2""": [
        (
            "email", "2", Decimal("95.00"), 600, 28, 3, 1, Decimal("33.33"), Decimal("-1233.33"), 1, Decimal("20.00"),
            1, Decimal("20.00"), 3, Decimal("13.33"), False, False,
        ),
        ("email", "3", Decimal("99.00"), 600, 28, 0, 0, None, None, 0, None, 0, None, 0, None, False, False),
        (
            "slack", None, Decimal("99.00"), 600, 28, 2, 1, Decimal("50.00"), Decimal("-4900.00"), 0, None, 2,
            Decimal("50.00"), 2, Decimal("50.00"), False, False,
        ),
        (
            "sms", None, Decimal("99.00"), 600, 28, 1, 1, Decimal("100.00"), Decimal("100.00"), 0, None, 1,
            Decimal("0.00"), 1, Decimal("0.00"), False, False,
        ),
        (
            "webhook", "1", Decimal("90.00"), 60, 7, 4, 2, Decimal("50.00"), Decimal("-400.00"), 1, Decimal("0.00"),
            1, Decimal("0.00"), 4, Decimal("5.00"), False, False,
        ),
    ],
    """SELECT platform, provider_name, to_char(day, 'DD'), uploaded, rejected, failed, success_rate, calls,
        refused_calls, unavailable_calls, lost_answers, failed_calls_rate, uploaded_per_call
    FROM analytics.platform_daily ORDER BY 1, 3""": [
        (
            "finance-platform", "hubspot", "08", 1, 1, 0, Decimal("50.00"), 2, 0, 1, 1, Decimal("100.00"),
            Decimal("0.5"),
        ),
        ("finance-platform", "hubspot", "09", 1, 0, 0, Decimal("100.00"), 1, 0, 0, 0, Decimal("0.00"), Decimal("1.0")),
        ("healthcare-platform", "http", "09", 0, 0, 1, Decimal("0.00"), 2, 1, 0, 0, Decimal("50.00"), Decimal("0.0")),
    ],
    "SELECT platform, host, leads, sends, batches, field_names FROM analytics.platform_access_daily": [
        ("healthcare-platform", "health.example", 1, 2, 1, "city, name, state")
    ],
    """SELECT right(buyer_id::text, 1), channel, to_char(day, 'MM-DD'), currency, messages, units, base_micros,
        markup_micros, base_amount, markup_amount, total_amount
    FROM analytics.usage_daily WHERE day >= '2026-03-01' ORDER BY 1, 3""": [
        ("2", "email", "03-08", "USD", 2, 2, 800, 120, Decimal("0.00"), Decimal("0.00"), Decimal("0.00")),
        ("2", "email", "03-09", "USD", 1, 1, 400, 60, Decimal("0.00"), Decimal("0.00"), Decimal("0.00")),
        (None, "sms", "03-09", "USD", 1, 2, 15800, 3160, Decimal("0.02"), Decimal("0.00"), Decimal("0.02")),
    ],
    """SELECT month, currency, emails, sms, sms_segments, base_micros, markup_micros, email_minor, sms_minor,
        total_minor, total_amount
    FROM analytics.usage_statements_monthly""": [
        (date(2026, 2, 1), "USD", 1, 1, 1, 8300, 1640, 0, 1, 1, Decimal("0.01"))
    ],
    """SELECT topic_name, to_char(week_start, 'MM-DD'), volume, previous_volume, change_percentage, direction, is_latest
    FROM analytics.topic_trend_weekly ORDER BY 2""": [
        ("payments", "02-16", 10, 0, None, "up", False),
        ("payments", "02-23", 12, 10, Decimal("20.00"), "up", True),
    ],
    """SELECT to_char(day, 'DD'), is_reset, reset_users, reset_credits, seconds_after_midnight
    FROM analytics.credit_resets_daily ORDER BY 1""": [
        ("07", True, 3, 40, Decimal("5")),
        ("08", False, 0, 0, None),
        ("09", True, 4, 0, Decimal("600")),
    ],
    """SELECT to_char(day, 'DD'), closings, notified, repeated, without_manager, without_realtor, managers, messages,
        confirmed, undelivered, skipped, open, success_rate, p95_seconds
    FROM analytics.manager_notifications_daily ORDER BY 1""": [
        ("08", 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, None, None),
        ("09", 2, 1, 0, 1, 0, 1, 2, 1, 1, 0, 0, Decimal("50.00"), Decimal("2.0")),
    ],
    """SELECT to_char(day, 'DD'), messages, sent, failed, outcome_unknown, waiting, success_rate, attempts,
        attempts_per_message, p50_seconds, p95_seconds
    FROM analytics.crm_messages_daily""": [
        ("08", 5, 2, 1, 1, 1, Decimal("66.67"), 5, Decimal("1.25"), Decimal("30.0"), Decimal("39.0"))
    ],
}  # fmt: skip


def as_of(moment: str) -> tuple[str, str]:
    return "--vars", json.dumps({"as_of": moment})


def test_the_marts_of_what_leaves_hold_the_numbers_reckoned_by_hand(database: Any, tmp_path: Path) -> None:
    now = as_of(small_outbound.AS_OF)
    with database.connect() as conn:
        small_market.fill(conn)
        small_outbound.fill(conn)
        upstream = [f"+{mart}" for mart in MARTS]
        cautious = ("--indirect-selection", "cautious", "--select", *upstream, *SINGULAR)
        built = build(database, tmp_path, *cautious, *now)
        assert not built.failures, built.log
        for query, expected in EXPECTED.items():
            assert expected == rows(conn, query), query

        # Twenty messages that were given up within the hour: the check fails while it lasts, and warns for days.
        conn.execute(small_outbound.BURN)
        for moment, fast, slow in (
            (small_outbound.AS_OF, "fail", "warn"),
            ("2026-03-09T13:30:00+00:00", "pass", "warn"),
            ("2026-03-13T12:00:00+00:00", "pass", "pass"),
        ):
            levels = ("fct_deliveries", "int_judged_deliveries", "buyer_service_levels", *BURNS)
            chosen = ("--indirect-selection", "cautious", "--select", *levels)
            burning = build(database, tmp_path, *chosen, *as_of(moment)).statuses
            assert (moment, fast, slow) == (moment, *(burning[name] for name in BURNS))


def test_analysts_are_told_of_the_kinds_channels_and_currencies_that_the_domain_knows(database: Any) -> None:
    columns = yaml.safe_load((PROJECT / "models/marts/fct_deliveries.yml").read_text())["models"][0]["columns"]
    accepted = {
        column["name"]: test["accepted_values"]["arguments"]["values"]
        for column in columns
        for test in column.get("data_tests", [])
        if "accepted_values" in test
    }
    assert (list(KINDS), list(CHANNELS)) == (accepted["kind"], accepted["channel"])
    macro = jinja2.Environment().from_string((PROJECT / "macros/currency_decimals.sql").read_text())
    codes = [currency.alpha_3 for currency in pycountry.currencies]
    with database.connect() as conn:
        found = conn.execute(
            f"SELECT code, {macro.module.currency_decimals('code')} FROM unnest(%s::text[]) AS c (code)", [codes]
        ).fetchall()
    assert {code: decimals_of(code) for code in codes} == dict(found)
