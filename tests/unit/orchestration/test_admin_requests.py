"""Requests of people: one run each, for what they name; the cursor walks over all of them."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from lead_pipeline.orchestration.admin_requests import ENRICHMENT, GENERATION, Walked, answer
from lead_pipeline.store.pending import Request

DAY, NOW = date(2026, 3, 2), datetime(2026, 3, 2, 12, tzinfo=UTC)
NAMED = "018f0000-0000-7000-8000-000000000001"


def request(event_type, body):
    return Request(7, event_type, body if isinstance(body, bytes) else json.dumps(body).encode(), DAY)


def test_a_query_is_pulled_for_the_day_of_the_request():
    run = answer(request(GENERATION, {"query_id": NAMED}), lambda _: None).run
    assert ("request-7", "daily_lead_generation", "2026-03-02") == (run.run_key, run.job_name, run.partition_key)
    assert {"ops": {"raw_datashopper_companies": {"config": {"query_id": NAMED}}}} == run.run_config
    assert "7" == run.tags["lead_pipeline/request"]


def test_a_lead_is_enriched_in_the_partition_of_its_own_day():
    run = answer(request(ENRICHMENT, {"lead_id": NAMED.upper()}), lambda _: date(2026, 1, 5)).run
    assert ("lead_enrichment", "2026-01-05") == (run.job_name, run.partition_key)
    assert {"ops": {"clay_contacts": {"config": {"lead_id": NAMED}}}} == run.run_config


@pytest.mark.parametrize(
    ("event_type", "body", "words"),
    [
        (ENRICHMENT, {"lead_id": NAMED}, "no lead"),
        (ENRICHMENT, {"query_id": NAMED}, "names no lead_id"),
        (GENERATION, {"query_id": 5}, "names no query_id"),
        (GENERATION, {"query_id": None}, "names no query_id"),
        (GENERATION, b"[1]", "names no query_id"),
        (GENERATION, b"\xff", "names no query_id"),
        ("restart", {}, "unknown request"),
        (None, {}, "unknown request"),
    ],
)
def test_what_cannot_be_asked_for_gets_no_run_and_words(event_type, body, words):
    one = answer(request(event_type, body), lambda _: None)
    assert one.run is None
    assert words in one.problem


def test_the_cursor_remembers_what_may_be_met_again_and_forgets_the_rest():
    walked = Walked.read(Walked.read(None).beyond([3, 5], NOW))
    assert (5, {3, 5}) == (walked.last, set(walked.seen))
    late = Walked.read(walked.beyond([4], NOW + timedelta(minutes=1)))
    assert (5, {3, 4, 5}) == (late.last, set(late.seen))
    much_later = Walked.read(late.beyond([8], NOW + timedelta(hours=1)))
    assert (8, {8}) == (much_later.last, set(much_later.seen))
