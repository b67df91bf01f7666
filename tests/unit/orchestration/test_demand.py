"""What sensors ask for: one run over all that waits, none while one is about to take it up, and not right after a
failure."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.orchestration.demand import (
    IMPORTS_JOB,
    JOB_OF_SOURCE,
    RunSeen,
    Work,
    decide,
    work_of_drops,
    work_of_imports,
)
from lead_pipeline.steps.decide_events import LEAD_SOURCES
from lead_pipeline.store.import_pages import CompletedImport
from lead_pipeline.store.pending import WaitingDrops

DAY, NOW = date(2026, 3, 2), datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
JOB = "lead_enrich_from_datashopper"
WORK = Work(JOB, DAY, 3, (4, 9))


def asked(*runs, work=WORK):
    return decide([work], {(JOB, DAY): runs}, now=NOW, after_failure=MINUTE)


def test_every_source_of_leads_has_its_job():
    assert set(LEAD_SOURCES) == set(JOB_OF_SOURCE)


def test_drops_of_one_job_and_day_are_one_piece_of_work_over_their_id_range():
    waiting = [
        WaitingDrops("supplier", DAY, 2, 5, 8),
        WaitingDrops("repair", DAY, 1, 3, 3),
        WaitingDrops("c2s", DAY, 1, 4, 4),
        WaitingDrops("c2s", DAY + timedelta(days=1), 1, 9, 9),
    ]
    assert [
        Work("supplier_lead_process", DAY, 3, (3, 8)),
        Work("lead_import_from_c2s", DAY, 1, (4, 4)),
        Work("lead_import_from_c2s", DAY + timedelta(days=1), 1, (9, 9)),
    ] == work_of_drops(waiting)


def completed(drop_id, minute, body=b"{}"):
    return CompletedImport(drop_id, DAY, NOW + minute * MINUTE, body)


def test_imports_that_were_completed_since_their_days_last_pull_are_one_piece_of_work():
    told = [completed(3, -2), completed(5, 0), completed(7, 4)]
    assert [Work(IMPORTS_JOB, DAY, 3, (3, 7))] == work_of_imports(told, lambda _: None)
    assert [Work(IMPORTS_JOB, DAY, 2, (5, 7))] == work_of_imports(told, lambda _: NOW)
    assert [] == work_of_imports(told, lambda _: NOW + 5 * MINUTE)


@pytest.mark.parametrize(
    ("named", "day"),
    [
        ("2026-03-02", DAY), ("2026-03-01", date(2026, 3, 1)), ("2026-01-30", date(2026, 1, 30)), ("2026-01-29", DAY),
        ("2026-03-03", DAY), ("2025-12-31", DAY), ("yesterday", DAY), (None, DAY), (5, DAY),
    ],
)  # fmt: skip
def test_an_import_is_of_the_day_that_its_event_names_where_that_can_be(named, day):
    told = [completed(3, 0, json.dumps({"created_on": named}).encode())]
    assert [Work(IMPORTS_JOB, day, 1, (3, 3))] == work_of_imports(told, lambda _: None)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'"2026-03-01"', b"{}"])
def test_a_body_that_names_no_day_leaves_the_import_to_the_day_of_its_arrival(body):
    assert [DAY] == [piece.day for piece in work_of_imports([completed(3, 0, body)], lambda _: None)]


def test_the_tags_name_the_drops_and_how_many():
    assert {"lead_pipeline/drops": "4-9", "lead_pipeline/count": "3"} == WORK.tags
    assert {"lead_pipeline/count": "3"} == Work(JOB, DAY, 3).tags


def test_work_without_a_run_is_asked_for():
    assert ([WORK], []) == (asked().wanted, asked().held_back)


@pytest.mark.parametrize("phase", ["waiting", "claiming"])
def test_no_run_is_asked_for_while_one_is_about_to_take_it_up(phase):
    verdict = asked(RunSeen("abcdefghij", phase))
    assert [] == verdict.wanted
    assert [f"{JOB} of 2026-03-02: run abcdefgh is about to take it up"] == verdict.held_back


def test_a_run_that_claims_no_more_holds_up_nothing():
    assert [WORK] == asked(RunSeen("a", "past")).wanted
    assert [] == asked(RunSeen("a", "past"), RunSeen("b", "waiting")).wanted


@pytest.mark.parametrize(("seconds", "is_wanted"), [(0, False), (59, False), (60, True), (3600, True)])
def test_after_a_failure_the_next_run_waits(seconds, is_wanted):
    verdict = asked(RunSeen("a", "failed", NOW - timedelta(seconds=seconds)))
    assert is_wanted == bool(verdict.wanted)
    assert is_wanted == (not verdict.held_back)


def test_another_days_run_holds_up_nothing():
    runs = {(JOB, DAY + timedelta(days=1)): [RunSeen("a", "waiting")]}
    assert [WORK] == decide([WORK], runs, now=NOW, after_failure=MINUTE).wanted


@given(st.lists(st.tuples(st.sampled_from(sorted(JOB_OF_SOURCE)), st.integers(0, 3), st.integers(1, 50)), max_size=30))
def test_every_drop_is_in_exactly_one_piece_of_work(waiting):
    drops = [WaitingDrops(source, DAY + timedelta(days=day), count, count, count) for source, day, count in waiting]
    work = work_of_drops(drops)
    assert sum(one.count for one in drops) == sum(piece.count for piece in work)
    assert len({(piece.job, piece.day) for piece in work}) == len(work)
