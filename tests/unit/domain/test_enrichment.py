"""Which leads are asked about and which people are kept: five at most, one primary, no address asked for in vain."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.enrichment import MAX_CONTACTS, NO_COMPANY, NO_DOMAIN, Person, keep_people, skip_reasons


def person(name: str = "Ada", email: str | None = "ada@example.com") -> Person:
    return Person(name, email, "CEO", "executive", None)


def leads(*rows: tuple[str | None, str | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["domain", "company_name"]).astype("str")


def test_a_lead_with_domain_and_company_is_asked_about() -> None:
    assert [True] == skip_reasons(leads(("example.com", "Example"))).isna().tolist()


def test_a_lead_is_skipped_for_the_first_thing_that_is_missing() -> None:
    reasons = skip_reasons(leads((None, "Example"), ("example.com", None), (None, None)))
    assert [NO_DOMAIN, NO_COMPANY, NO_DOMAIN] == reasons.tolist()


def test_no_leads_have_no_reasons_and_every_index_is_kept() -> None:
    assert [] == skip_reasons(leads()).tolist()
    assert [7, 3] == skip_reasons(leads((None, "a"), ("b", "c")).set_index(pd.Index([7, 3]))).index.tolist()


def test_the_sixth_person_is_left_out() -> None:
    found = [person(str(number)) for number in range(6)]
    assert ["0", "1", "2", "3", "4"] == [kept.full_name for kept in keep_people(found, lambda _: "valid")]


def test_the_first_address_that_is_not_refused_is_the_primary_contact_and_the_last_one_asked_for() -> None:
    asked: list[str] = []
    verdicts = {"a@example.com": "invalid", "b@example.com": "unknown"}

    def verify(address: str) -> str:
        asked.append(address)
        return verdicts[address]

    found = [
        person(email=None),
        person(email="a@example.com"),
        person(email="b@example.com"),
        person(email="c@example.com"),
    ]
    kept = keep_people(found, verify)
    assert [False, False, True, False] == [who.is_primary for who in kept]
    assert [None, "invalid", "unknown", None] == [who.email_status for who in kept]
    assert ["a@example.com", "b@example.com"] == asked


@pytest.mark.parametrize(
    ("word", "kept"),
    [("Valid", "valid"), (" INVALID ", "invalid"), ("catch_all", "unknown"), ("risky", "unknown"), ("", "unknown")],
)
def test_any_word_of_the_vendor_becomes_one_that_can_be_kept(word: str, kept: str) -> None:
    assert [kept] == [who.email_status for who in keep_people([person()], lambda _: word)]


@given(st.lists(st.tuples(st.sampled_from([None, "a@example.com"]), st.sampled_from(["valid", "invalid", "odd"]))))
def test_at_most_five_are_kept_in_order_and_at_most_one_is_primary(people: list[tuple[str | None, str]]) -> None:
    found = [person(str(number), email) for number, (email, _) in enumerate(people)]
    verdicts = iter([verdict for email, verdict in people if email is not None])
    kept = keep_people(found, lambda _: next(verdicts))
    assert [who.full_name for who in found[:MAX_CONTACTS]] == [who.full_name for who in kept]
    assert 1 >= sum(who.is_primary for who in kept)
    assert all(who.email is not None and who.email_status in {"valid", "unknown"} for who in kept if who.is_primary)
