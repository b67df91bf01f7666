"""A day's profile against the days before: what is found, under which name, and what is left alone."""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from lead_pipeline.domain.drift import Judged, judge
from lead_pipeline.domain.field_profile import Profile, merged, profile_of

DAY = dt.date(2026, 3, 2)
PAYLOADS = 40
CITIES = ("Albany", "Boston", "Chicago", "Denver", "El Paso", "Fresno", "Greenville", "Huntington Beach", "Ithaca")


def lead(number: int) -> dict[str, Any]:
    return {
        "id": 10_000 + number,
        "email": None if number % 5 == 0 else f"person{number}@example.com",
        "price": 1000 + number * 37 % 4000,
        "strength": ("high", "medium", "low")[number * 7 % 3],
        "city": CITIES[number * 5 % 9],
        "seen": f"2026-01-{number % 27 + 1:02}T10:00:00Z",
        "place": {"state": ("NY", "CA", "TX")[number % 3], "zip": f"{10_000 + number * 13 % 80_000}"},
        "tags": ["t"] * (number % 6),
        "is_new": number % 4 == 0,
    }


def numbers(day: dt.date, count: int = PAYLOADS) -> Iterator[int]:
    return iter(range(day.toordinal() * 97 % 1000, day.toordinal() * 97 % 1000 + count))


@cache
def history(days: int = 28, make: Callable[[int], dict[str, Any]] = lead) -> dict[dt.date, Profile]:
    profiles: dict[dt.date, Profile] = {}
    for ago in range(days, 0, -1):
        day = DAY - dt.timedelta(ago)
        known = merged(profiles.values()).fields
        profiles[day] = profile_of((make(number) for number in numbers(day)), known)
    return profiles


def judged(change: Callable[[dict[str, Any]], Any], days: dict[dt.date, Profile] | None = None) -> Judged:
    past = history() if days is None else days
    payloads = [lead(number) for number in numbers(DAY)]
    for payload in payloads:
        change(payload)
    return judge("c2s", "x", {**past, DAY: profile_of(payloads, merged(past.values()).fields)}, DAY)


def found(change: Callable[[dict[str, Any]], Any], days: dict[dt.date, Profile] | None = None) -> list[tuple[str, str]]:
    return [(one.field, one.kind) for one in judged(change, days).findings]


def rename(payload: dict[str, Any]) -> None:
    payload["mail"] = payload.pop("email")


def flatten(payload: dict[str, Any]) -> None:
    payload["state"] = payload["place"].pop("state")


def test_a_day_like_the_others_has_no_finding() -> None:
    assert Judged([]) == judged(lambda payload: None)


@pytest.mark.parametrize(
    ("change", "field", "kind"),
    [
        (rename, "email", "renamed"),
        (flatten, "place.state", "renamed"),
        (lambda lead: lead.pop("email"), "email", "vanished"),
        (lambda lead: lead.pop("place"), "place", "vanished"),
        (lambda lead: lead.update(email=None), "email", "nulls"),
        (lambda lead: lead.update(email=""), "email", "nulls"),
        (lambda lead: lead.update(price=str(lead["price"])), "price", "type"),
        (lambda lead: lead.update(place=[lead["place"]]), "place", "type"),
        (lambda lead: lead.update(price=lead["price"] * 100), "price", "unit"),
        (lambda lead: lead.update(price=lead["price"] / 1000), "price", "unit"),
        (lambda lead: lead.update(price=-lead["price"]), "price", "unit"),
        (lambda lead: lead.update(strength=lead["strength"].upper()), "strength", "case"),
        (lambda lead: lead.update(strength={"high": "hot"}.get(lead["strength"], "cold")), "strength", "values"),
        (lambda lead: lead.update(strength="medium"), "strength", "values"),
        (lambda lead: lead.update(city=lead["city"].upper()), "city", "case"),
        (lambda lead: lead.update(seen=lead["seen"][:10]), "seen", "format"),
        (lambda lead: lead.update(seen=lead["seen"].replace("T", " ").replace("Z", "")), "seen", "format"),
        (lambda lead: lead["place"].update(zip=f"US-{lead['place']['zip']}"), "place.zip", "format"),
        (lambda lead: lead.update(tags=lead["tags"][:2]), "tags", "truncated"),
        (lambda lead: lead.update(is_new=not lead["is_new"] or lead["is_new"]), "is_new", "values"),
        (lambda lead: lead.update(extra={"a": 1}), "extra", "new"),
    ],
)
def test_a_change_is_found_in_its_field_and_in_no_other(change: Any, field: str, kind: str) -> None:
    assert [(field, kind)] == found(change)


def test_a_finding_says_what_was_expected_what_came_and_of_how_much() -> None:
    [one] = judged(rename).findings
    assert ("c2s", "x", "there as email", DAY) == (one.source, one.event_type, one.expected, one.since)
    assert one.observed.startswith("now mail, which is ")
    assert f"{PAYLOADS} payloads since {DAY}" in one.evidence


def test_growing_identifiers_are_no_other_unit() -> None:
    assert [] == found(lambda lead: lead.update(id=lead["id"] * 10))


def test_a_weekly_rhythm_is_no_drift() -> None:
    def weekly(ago: int) -> Profile:
        is_weekend = (DAY - dt.timedelta(ago)).weekday() >= 5
        kept = (lead(number) | ({"email": None} if is_weekend else {}) for number in range(PAYLOADS))
        return profile_of(kept, {})

    days = {DAY - dt.timedelta(ago): weekly(ago) for ago in range(1, 57)}
    for ago in range(1, 8):
        day = DAY - dt.timedelta(ago)
        past = {when: profile for when, profile in days.items() if when <= day}
        assert Judged([]) == judge("c2s", "x", past, day), day


def test_a_list_of_many_values_may_grow() -> None:
    def cities(first: int, last: int) -> Profile:
        return profile_of(({"city": f"City{first + number % (last - first)}"} for number in range(PAYLOADS)), {})

    days = {DAY - dt.timedelta(ago): cities(0, 20) for ago in range(1, 29)}
    assert [] == judge("c2s", "x", {**days, DAY: cities(4, 23)}, DAY).findings


@pytest.mark.parametrize(("days", "words"), [(0, "0 payloads on 0 days"), (2, "80 payloads on 2 days")])
def test_without_a_past_nothing_is_found_and_it_says_so(days: int, words: str) -> None:
    verdict = judged(rename, history(days))
    assert [] == verdict.findings
    assert verdict.unjudged is not None
    assert verdict.unjudged.startswith(words)


def test_a_day_with_few_payloads_is_looked_at_together_with_days_before_it() -> None:
    def few(day: dt.date) -> Profile:
        payloads = [lead(number) for number in numbers(day, 4)]
        for payload in payloads:
            rename(payload)
        return profile_of(payloads, {})

    past = history(35)
    assert [] == judge("c2s", "x", {**past, DAY: few(DAY)}, DAY).findings  # four payloads say nothing
    week = {DAY - dt.timedelta(ago): few(DAY - dt.timedelta(ago)) for ago in range(7)}
    assert [("email", "renamed")] == [
        (one.field, one.kind) for one in judge("c2s", "x", {**past, **week}, DAY).findings
    ]


def test_a_finding_tells_since_when_it_has_been_found() -> None:
    past = history(40)
    for day in sorted(past)[-3:]:
        drifted = [lead(number) for number in numbers(day)]
        for payload in drifted:
            rename(payload)
        past[day] = profile_of(drifted, {})
    [one] = judged(rename, past).findings
    assert ("email", DAY - dt.timedelta(3)) == (one.field, one.since)


def test_what_has_been_so_for_four_weeks_is_the_normal_thing() -> None:
    def renamed(number: int) -> dict[str, Any]:
        payload = lead(number)
        rename(payload)
        return payload

    assert [] == found(rename, history(28, renamed))
