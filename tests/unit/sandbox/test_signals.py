"""The signals that the sandbox's companies show, and the bands they come to."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.sandbox.signals import SOURCES, STRENGTHS, signals_of

DAY = date(2026, 3, 2)


def band(signals):
    counts = Counter(signal["signal_strength"] for signal in signals)
    high, medium = counts["high"], counts["medium"]
    if high >= 3 or (high >= 2 and medium >= 3):
        return "hot"
    return "warm" if high >= 1 or medium >= 4 else "cold"


def test_bands_come_in_the_promised_shares():
    bands = Counter(band(signals_of(7, f"ds-{row}", "crm", DAY)) for row in range(4000))
    assert 0.13 < bands["hot"] / 4000 < 0.17
    assert 0.42 < bands["warm"] / 4000 < 0.48


def test_strengths_are_those_of_the_fixture():
    assert {
        "researching_topic": "high",
        "visited_competitor_site": "high",
        "whitepaper_download": "medium",
        "webinar_attendance": "medium",
        "job_posting": "medium",
        "social_engagement": "low",
    } == STRENGTHS


@given(st.integers(0, 5000), st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.sampled_from(["", "crm"]))
def test_signals_lie_in_the_thirty_days_before_the_day_newest_first(row, day, topic):
    signals = signals_of(7, f"ds-{row}", topic, day)
    times = [datetime.fromisoformat(signal["detected_at"]) for signal in signals]
    end = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert len(signals) <= 7
    assert sorted(times, reverse=True) == times
    assert all(end - timedelta(days=30) <= at < end for at in times)
    for signal in signals:
        assert {"signal_type", "signal_strength", "detected_at", "source"} == set(signal)
        assert STRENGTHS[signal["signal_type"]] == signal["signal_strength"]
        assert SOURCES[signal["signal_type"]] == signal["source"]


def test_a_signal_keeps_its_time_until_it_leaves_the_window():
    moments = [{one["detected_at"] for one in signals_of(7, "ds-3", "crm", DAY + timedelta(n))} for n in (0, 1)]
    gone = (DAY - timedelta(days=29)).isoformat()
    assert {at for at in moments[0] if at >= gone} == {at for at in moments[1] if at < DAY.isoformat()}
