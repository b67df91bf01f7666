"""Daily summaries of the small market: whose, of which local day, with which facts, and each once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from lead_pipeline.steps.run import Run
from lead_pipeline.steps.write_summaries import write_summaries
from lead_pipeline.store import daily_summaries
from tests.integration import small_market
from tests.integration.small_market import BUYERS, lead_id

pytestmark = pytest.mark.integration


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


EIGHT = utc("2026-03-02 13:00")
"""Eight in New York on the day after the first sales."""


@pytest.fixture
def conn(database):
    with database.connect() as conn:
        small_market.fill(conn)
        yield conn


def write_at(database, now, run_id="test", **how):
    return write_summaries(database.url, Run(run_id, lambda: now), **how)


def written(conn):
    """Buyer and context by buyer and day."""
    return conn.execute(
        "SELECT b.name, d.context FROM outbound.deliveries d JOIN market.buyers b USING (buyer_id) "
        "WHERE d.kind = 'daily_summary' ORDER BY b.name, d.subject"
    ).fetchall()


def told(conn):
    return [(name, context["date"], context["leads"]) for name, context in written(conn)]


def set_receivers(conn, buyer="B1", **columns):
    changes = ", ".join(f"{name} = %s" for name in columns)
    conn.execute(
        f"UPDATE outbound.destinations SET {changes} WHERE buyer_id = %s",
        [*columns.values(), BUYERS[buyer]],
    )


def test_each_buyer_that_bought_is_told_what_it_bought_on_its_day(database, conn):
    conn.execute("UPDATE market.campaign_leads SET lead_score = 80 WHERE lead_id = %s", [lead_id(3)])
    assert 2 == write_at(database, EIGHT)
    facts = {
        "date": "2026-03-01", "time_zone": "America/New_York", "leads": 2, "spent": "50.00", "currency": "USD",
        "campaigns": [{"name": "Rotation", "leads": 2, "spent": "50.00"}],
    }  # fmt: skip
    assert [
        ("B1", {**facts, "balance": "50.00", "hot": 1}),
        ("B2", {**facts, "balance": "75.00", "hot": 0}),
    ] == written(conn)
    assert [("daily_summary", "summary/2026-03-01", "email", "intended", "test", EIGHT)] == conn.execute(
        "SELECT kind, subject, channel, state, run_id, intended_at FROM outbound.deliveries WHERE buyer_id = %s",
        [BUYERS["B1"]],
    ).fetchall()


def test_campaigns_are_told_one_by_one_and_amounts_as_the_currency_writes_them(database, conn):
    conn.execute("UPDATE market.sellers SET currency = 'JPY'")
    conn.execute(
        "UPDATE market.campaign_leads SET campaign_id = %s WHERE lead_id = %s", [small_market.WATERFALL, lead_id(3)]
    )
    write_at(database, EIGHT)
    [(_, context), _] = written(conn)
    assert ("5000", "JPY", "5000") == (context["spent"], context["currency"], context["balance"])
    assert [
        {"name": "Rotation", "leads": 1, "spent": "2500"},
        {"name": "Waterfall", "leads": 1, "spent": "2500"},
    ] == context["campaigns"]


def test_nothing_is_written_before_the_hour_and_nothing_twice_after_it(database, conn):
    assert 0 == write_at(database, EIGHT - timedelta(seconds=1))
    assert 2 == write_at(database, EIGHT)
    assert [0, 0, 0] == [write_at(database, EIGHT + timedelta(hours=n)) for n in (0, 1, 14)]
    assert 1 == write_at(database, EIGHT + timedelta(days=1))
    assert [("B1", "2026-03-01", 2), ("B2", "2026-03-01", 2), ("B3", "2026-03-02", 1)] == told(conn)
    assert 0 == write_at(database, EIGHT + timedelta(days=2))


def test_a_receivers_own_zone_and_hour_come_before_its_workspaces(database, conn):
    """Lead 4 was sold at 04:30 UTC on the 2nd: on the 1st in New York, on the 2nd in Berlin."""
    set_receivers(conn, "B2", time_zone="Europe/Berlin", summary_hour=6)
    assert 1 == write_at(database, utc("2026-03-02 05:00"))
    assert [("B2", "2026-03-01", 1)] == told(conn)
    assert 1 == write_at(database, utc("2026-03-03 05:00"))
    assert [("B2", "2026-03-01", 1), ("B2", "2026-03-02", 1)] == told(conn)
    assert ["Europe/Berlin"] * 2 == [context["time_zone"] for _, context in written(conn)]


@pytest.mark.parametrize(
    ("sold", "day", "hour"),
    [
        ("2026-03-08 04:59", "2026-03-07", "2026-03-08 12:00"),  # the day before the clocks go forward: EST
        ("2026-03-08 05:00", "2026-03-08", "2026-03-09 12:00"),  # 23 hours long
        ("2026-03-09 03:59", "2026-03-08", "2026-03-09 12:00"),
        ("2026-11-01 04:00", "2026-11-01", "2026-11-02 13:00"),  # 25 hours long
        ("2026-11-02 04:59", "2026-11-01", "2026-11-02 13:00"),
    ],
)
def test_days_on_which_the_clocks_turn_have_their_own_length(database, conn, sold, day, hour):
    conn.execute("UPDATE core.lead_assignments SET decided_at = %s WHERE lead_id = %s", [utc(sold), lead_id(5)])
    assert 0 == write_at(database, utc(hour) - timedelta(minutes=1))
    assert 1 == write_at(database, utc(hour))
    assert [("B3", day, 1)] == told(conn)


def test_after_weeks_of_silence_nobody_gets_old_news(database, conn):
    conn.execute(
        "UPDATE core.lead_assignments SET decided_at = %s WHERE lead_id = %s", [utc("2026-03-20 15:00"), lead_id(5)]
    )
    assert 1 == write_at(database, utc("2026-03-21 22:00"))
    assert [("B3", "2026-03-20", 1)] == told(conn)


def test_a_late_hour_that_passed_while_nobody_was_there_is_made_up_for_after_midnight(database, conn):
    set_receivers(conn, "B1", summary_hour=23)
    set_receivers(conn, "B2", summary_hour=8)
    assert 1 == write_at(database, utc("2026-03-03 06:00"))
    assert [("B1", "2026-03-01", 2)] == told(conn)


def test_a_clock_that_jumps_tells_nobody_of_a_day_twice(database, conn):
    moments = [EIGHT, EIGHT + timedelta(days=400), EIGHT - timedelta(days=1), EIGHT + timedelta(days=1), EIGHT]
    assert [2, 0, 0, 1, 0] == [write_at(database, now) for now in moments]


def test_a_zone_that_moves_west_tells_of_the_same_day_once(database, conn):
    set_receivers(conn, "B1", time_zone="Pacific/Auckland")
    write_at(database, utc("2026-03-01 20:00"))
    write_at(database, utc("2026-03-02 20:00"))
    set_receivers(conn, "B1", time_zone="America/New_York")
    assert 1 == write_at(database, utc("2026-03-02 20:00"))  # B2's; B1 knows its first of March
    assert ["2026-03-01", "2026-03-02"] == sorted({day for _, day, _ in told(conn)})
    assert len(told(conn)) == len({(name, day) for name, day, _ in told(conn)})


@pytest.mark.parametrize(
    "columns",
    [
        {"kinds": ["new_lead"]},
        {"deleted_at": EIGHT},
        {"status": "disabled", "status_reason": "gone"},
    ],
)
def test_who_does_not_want_it_is_not_told(database, conn, columns):
    set_receivers(conn, "B1", **columns)
    assert 1 == write_at(database, EIGHT)
    assert ["B2"] == [name for name, *_ in told(conn)]


def test_a_buyer_that_is_gone_is_not_told(database, conn):
    conn.execute("UPDATE market.buyers SET deleted_at = now() WHERE name = 'B1'")
    assert 1 == write_at(database, EIGHT)


def test_another_wording_does_not_tell_of_the_same_day_again(database, conn, monkeypatch):
    write_at(database, EIGHT)
    monkeypatch.setattr(daily_summaries, "CONTENT_VERSION", 3)
    assert 0 == write_at(database, EIGHT)


def test_a_zone_that_there_is_not_holds_up_nobody(database, conn):
    set_receivers(conn, "B1", time_zone="Mars/Olympus")
    assert 2 == write_at(database, EIGHT)
    assert ["UTC", "America/New_York"] == [context["time_zone"] for _, context in written(conn)]


def test_of_many_processes_at_once_each_summary_is_written_once_in_chunks(database, conn):
    conn.execute(
        "INSERT INTO outbound.destinations (workspace_id, buyer_id, channel, address_sealed, kinds) "
        "SELECT workspace_id, buyer_id, 'email', 'x', '{daily_summary}' FROM market.buyers, generate_series(1, 20)"
    )
    gate, done = threading.Barrier(4), []

    def write(number):
        gate.wait()
        done.append(write_at(database, EIGHT, f"run {number}", at_once=3))

    threads = [threading.Thread(target=write, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (4, 42) == (len(done), sum(done))
    assert 42 == len(written(conn))
