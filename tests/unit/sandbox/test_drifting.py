"""The planted drifts and the clean stream: they fit each other, and nothing else of a payload is changed."""

import copy
import datetime as dt
from typing import Any

import pytest

from lead_pipeline.domain.field_profile import profile_of
from lead_pipeline.errors import NotFound
from lead_pipeline.sandbox.clean_stream import EVENT_OF, clean_day, clean_payload
from lead_pipeline.sandbox.drifting import DRIFTS, Drift, plant

MONDAY, SUNDAY = dt.date(2026, 3, 2), dt.date(2026, 3, 8)


def payloads(source: str, count: int = 30) -> list[dict[str, Any]]:
    return [clean_payload(1, source, EVENT_OF[source], MONDAY, number).payload for number in range(count)]


def test_there_are_forty_drifts_ten_a_vendor_each_with_a_name_of_its_own() -> None:
    assert 40 == len({drift.name for drift in DRIFTS})
    assert dict.fromkeys(EVENT_OF, 10) == {
        source: sum(drift.source == source for drift in DRIFTS) for source in EVENT_OF
    }


@pytest.mark.parametrize("drift", DRIFTS, ids=[drift.name for drift in DRIFTS])
def test_a_drift_changes_its_field_and_leaves_the_payload_it_was_given(drift: Drift) -> None:
    clean = payloads(drift.source)
    before = copy.deepcopy(clean)
    drifted = [plant(drift.name, payload) for payload in clean]

    assert before == clean
    assert clean != drifted
    top = drift.field.split(".")[0].removesuffix("[]")
    for one, other in zip(clean, drifted, strict=True):
        assert [name for name in one if name != top and one[name] != other.get(name)] == []


def test_a_payload_without_the_field_stays_as_it_is() -> None:
    for odd in (
        {},
        {"leads": None},
        {"leads": [1, None, {}]},
        {"attributes": []},
        {"contacts": {"full_name": 1}},
        {"segment": 5},
    ):
        assert [odd] * len(DRIFTS) == [plant(drift.name, odd) for drift in DRIFTS]


def test_an_unknown_drift_is_named_with_those_that_there_are() -> None:
    with pytest.raises(NotFound, match="email-renamed"):
        plant("no-such-drift", {})


@pytest.mark.parametrize("source", EVENT_OF)
def test_the_clean_stream_is_the_same_for_a_seed_and_smaller_on_sundays(source: str) -> None:
    first = list(clean_day(1, source, MONDAY))
    assert first == list(clean_day(1, source, MONDAY))
    assert first != list(clean_day(2, source, MONDAY))
    assert len(list(clean_day(1, source, SUNDAY))) < len(first) / 2
    assert {(source, EVENT_OF[source])} == {(sent.source, sent.event_type) for sent in first}


@pytest.mark.parametrize("drift", DRIFTS, ids=[drift.name for drift in DRIFTS])
def test_the_field_of_a_drift_is_a_path_of_its_vendors_profile(drift: Drift) -> None:
    assert drift.field in profile_of(payloads(drift.source), {}).fields
