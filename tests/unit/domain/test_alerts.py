"""Verdicts on figures: what is an alarm, what is not yet one, and what is said about it."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.alerts import (
    ROUTING,
    RUNS,
    SIGNATURES,
    THRESHOLDS,
    UPLOADS,
    Figure,
    breach_message,
    judge,
    recovery_message,
)


@pytest.mark.parametrize(
    ("name", "part", "total", "breached"),
    [
        (SIGNATURES, 5, 100, False),  # exactly 5 % is not more than 5 %
        (SIGNATURES, 6, 100, True),
        (SIGNATURES, 50_001, 1_000_000, True),  # rounds to 5.00 %, and is more
        (UPLOADS, 1, 10, False),
        (UPLOADS, 2, 10, True),
        (ROUTING, 80, 100, False),
        (ROUTING, 79, 100, True),
        (ROUTING, 100, 100, False),
        (RUNS, 1, 20, False),
        (RUNS, 2, 20, True),
    ],
)
def test_a_threshold_is_crossed_only_beyond_its_exact_value(name, part, total, breached):
    assert breached == judge(Figure(name, part, total)).breached


@pytest.mark.parametrize(("name", "least"), [(SIGNATURES, 20), (UPLOADS, 5), (ROUTING, 50), (RUNS, 10)])
def test_nothing_is_an_alarm_below_its_least_count(name, least):
    worst = 0 if name == ROUTING else least
    assert judge(Figure(name, worst, least)).breached
    too_few = judge(Figure(name, max(0, worst - 1), least - 1))
    assert not too_few.breached
    assert f"too few to judge, at least {least}" in too_few.words


@pytest.mark.parametrize("name", sorted(THRESHOLDS))
def test_a_rate_of_nothing_is_unknown_and_no_alarm(name):
    verdict = judge(Figure(name, 0, 0))
    assert (None, False) == (verdict.value, verdict.breached)
    assert "none to judge" in verdict.words


def test_a_small_source_is_not_hidden_by_a_busy_one():
    verdict = judge(Figure(SIGNATURES, 20, 10_020, {"clay": (0, 10_000), "c2s": (20, 20)}))
    assert (True, "c2s", 100.0, 20) == (verdict.breached, verdict.where, verdict.value, verdict.total)
    assert verdict.words.startswith("Webhooks with a wrong signature, c2s: 100 % (20 of 20 requests")


def test_a_part_with_too_few_counted_is_judged_with_the_whole_only():
    verdict = judge(Figure(SIGNATURES, 19, 400, {"clay": (0, 381), "c2s": (19, 19)}))
    assert (False, None, 4.75) == (verdict.breached, verdict.where, verdict.value)


def test_of_several_crossed_the_worst_is_named_and_the_whole_before_its_equals():
    assert "b" == judge(Figure(RUNS, 30, 60, {"a": (10, 30), "b": (20, 30)})).where
    assert judge(Figure(RUNS, 30, 30, {"a": (30, 30)})).where is None


def test_a_message_says_what_how_much_the_threshold_the_window_and_where_to_look():
    verdict = judge(Figure(ROUTING, 1_000, 4_000))
    assert breach_message(verdict) == (
        "ALERT routing_matches. Leads that a rule matched: 25 % (1,000 of 4,000 leads in the last 24 hours). "
        "The alarm is at less than 80 %. See docs/runbook.md, section 'Rules that match too little'."
    )
    assert recovery_message(judge(Figure(UPLOADS, 1, 10))) == (
        "RECOVERED bulk_upload_failures. Bulk uploads that failed: 10 % (1 of 10 jobs in the last 24 hours). "
        "The alarm is at more than 10 %."
    )


def test_every_alert_names_a_section_of_the_runbook_that_is_there():
    runbook = (Path(__file__).parents[3] / "docs" / "runbook.md").read_text()
    sections = set(re.findall(r"^##+ (.+)$", runbook, re.MULTILINE))
    assert set() == {threshold.see for threshold in THRESHOLDS.values()} - sections


@given(name=st.sampled_from(sorted(THRESHOLDS)), total=st.integers(0, 10**9), share=st.floats(0, 1))
def test_any_counts_give_a_verdict_with_a_rate_between_0_and_100(name, total, share):
    verdict = judge(Figure(name, int(total * share), total))
    assert verdict.value is None if total == 0 else 0 <= verdict.value <= 100
    assert not verdict.breached or total >= THRESHOLDS[name].at_least
