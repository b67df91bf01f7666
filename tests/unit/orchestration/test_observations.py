"""What is said of arrivals: each change of a day once, whatever order drops are committed in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from dagster import AssetKey

from lead_pipeline.orchestration.observations import Observed, Place, news, observation
from lead_pipeline.store.pending import Arrivals

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOTHING = Observed(None, {})
ARRIVED = Arrivals(
    kind="webhook", day=date(2026, 3, 2), source="datashopper", event_type="leads.batch", drops=2, waiting=1,
    refused_whole=0, received=5, accepted=3, duplicate=1, quarantined=1, first=7, last=9,
)  # fmt: skip
PLACE = Place("raw_webhook_drops", "2026-03-02")


def test_what_is_new_is_said_and_then_not_again():
    changed, observed = news([ARRIVED], NOTHING, NOW)
    assert {PLACE: [ARRIVED]} == changed
    assert {} == news([ARRIVED], observed, NOW + timedelta(minutes=1))[0]


def test_a_count_that_moved_is_said():
    _, observed = news([ARRIVED], NOTHING, NOW)
    later = replace(ARRIVED, waiting=0, accepted=4, received=6)
    assert {PLACE: [later]} == news([later], observed, NOW)[0]


def test_the_cursor_survives_being_written_down():
    _, observed = news([ARRIVED], NOTHING, NOW)
    assert observed == Observed.read(observed.text())
    assert NOTHING == Observed.read(None)
    assert NOTHING == Observed.read(NOTHING.text())


def test_days_long_gone_leave_the_cursor():
    _, observed = news([ARRIVED], NOTHING, NOW)
    assert {} == news([], observed, NOW + timedelta(days=15))[1].said


def test_the_observation_has_totals_and_the_parts_they_are_made_of():
    other = replace(ARRIVED, event_type=None, drops=1, waiting=0, refused_whole=1, received=1, accepted=0,
                    duplicate=0, quarantined=1, first=3, last=3)  # fmt: skip
    seen = observation(PLACE, [ARRIVED, other])
    values = {name: value.value for name, value in seen.metadata.items() if name != "by_source_and_event"}
    assert (AssetKey("raw_webhook_drops"), "2026-03-02") == (seen.asset_key, seen.partition)
    assert {
        "drops": 3, "waiting": 1, "refused_whole": 1, "received": 6, "accepted": 3, "duplicate": 1, "quarantined": 2,
        "first_drop": 3, "last_drop": 9,
    } == values  # fmt: skip
    parts = [record.data for record in seen.metadata["by_source_and_event"].records]
    assert [("leads.batch", 2), ("", 1)] == [(part["event_type"], part["drops"]) for part in parts]
