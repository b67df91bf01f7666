"""What an event of the CRM says of a party, which contacts are looked up, and when contact information has changed."""

import json
from datetime import UTC, datetime
from itertools import permutations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.crm import (
    CHECKS,
    NO_LEAD,
    contact_texts,
    contacts_of,
    judge_contacts,
    read_event,
    used_checks,
)
from lead_pipeline.settings import VALIDATIONS
from tests.examples import examples

FAKE = "1199999999333@gmail.com"


def body(lead_id="7", action="on_create_lead", updated_at="2026-03-02T09:00:00-03:00", **customer):
    attributes = {"updated_at": updated_at, "customer": customer}
    return json.dumps({"id": lead_id, "hook_action": action, "attributes": attributes}).encode()


def event(**customer):
    return read_event(body(**customer))


def verdicts(off=(), **customer):
    """(what is asked about, why not) of each contact."""
    contacts = contacts_of([event(**customer)])
    judged = judge_contacts(contacts, off)
    reasons = [None if pd.isna(reason) else reason for reason in judged["reason"]]
    return [(asks if reason is None else None, reason) for asks, reason in zip(judged["asks"], reasons, strict=True)]


def test_the_checks_are_those_that_the_settings_switch_off():
    assert VALIDATIONS == CHECKS


def test_an_event_names_its_lead_its_time_and_its_contacts_bare_or_wrapped():
    bare = body(name="Ana", email="ana@example.com", phone="11 98765-4321")
    wrapped = json.dumps({"hook_action": "on_create_lead", "data": json.loads(bare)}).encode()
    read = read_event(bare)
    assert read == read_event(wrapped)
    assert ("7", True, None) == (read.lead_id, read.needs_chain, read.problem)
    assert datetime(2026, 3, 2, 12, tzinfo=UTC) == read.updated_at
    assert (("email", "ana@example.com"), ("phone", "11 98765-4321")) == read.contacts
    assert "ana@" not in repr(read)


def test_an_event_that_asks_for_nothing_needs_no_chain():
    read = read_event(body(action="on_close_lead"))
    assert (False, None) == (read.needs_chain, read.problem)


@pytest.mark.parametrize("lead_id", [None, "", " 7", "a\nb", "x" * 201, 7.5, ["7"], "a\x00", "\ud800", True])
def test_an_event_without_a_usable_lead_says_so(lead_id):
    read = read_event(body(lead_id=lead_id, email="ana@example.com"))
    assert (False, NO_LEAD) == (read.needs_chain, read.problem)


def test_a_number_is_a_lead_too():
    assert "1234567890123" == read_event(body(lead_id=1234567890123)).lead_id


@given(st.binary(max_size=60) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_no_body_raises(raw):
    read_event(raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass"))


def test_valid_contacts_are_looked_up_in_their_normal_form():
    assert [("Ana@example.com", None), ("+5511987654321", None)] == verdicts(
        email="Ana@EXAMPLE.com", phone="11987654321"
    )


def test_a_fake_address_is_skipped_with_the_pattern_that_hit():
    assert [(None, "fake_email:999999"), ("+5511987654321", None)] == verdicts(email=FAKE, phone="11 98765-4321")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"email": "ana at example"}, "invalid_email"),
        ({"email": "ana@"}, "invalid_email"),
        ({"phone": "1234"}, "invalid_phone"),
        ({"phone": "junk"}, "invalid_phone"),
        ({"phone_global": "+1 212 555 2368"}, "foreign_phone"),
    ],
)
def test_a_contact_that_is_none_is_skipped_with_the_reason(given, reason):
    assert [(None, reason)] == verdicts(**given)


@pytest.mark.parametrize("junk", [None, "", "  ", "null", [], {}, True])
def test_what_is_no_text_is_no_contact(junk):
    assert [] == verdicts(email=junk, phone=junk)


def test_one_number_in_three_spellings_is_one_contact():
    asked = verdicts(phone="(11) 98765-4321", phone2="011987654321", phone_global="+55 11 98765 4321")
    assert [("+5511987654321", None)] == asked


@pytest.mark.parametrize(
    ("off", "given", "asks"),
    [
        ("email_syntax", {"email": "ana at example"}, "ana at example"),
        ("fake_email", {"email": FAKE}, FAKE),
        ("phone", {"phone": "1234"}, "1234"),
        ("phone", {"phone": "+1 212 555 2368"}, "+12125552368"),
    ],
)
def test_a_check_that_is_switched_off_lets_a_contact_through_and_that_is_known(off, given, asks):
    contacts = contacts_of([event(**given)])
    assert [(asks, None)] == verdicts([off], **given)
    assert [off] == used_checks(judge_contacts(contacts, [off]))
    assert [] == used_checks(judge_contacts(contacts, [check for check in CHECKS if check != off]))


def test_a_check_that_is_off_does_not_switch_off_the_others():
    both = "no address 999999"
    assert [(None, "fake_email:999999")] == verdicts(["email_syntax"], email=both)
    assert [(None, "invalid_email")] == verdicts(["fake_email"], email=both)
    assert [(both, None)] == verdicts(["email_syntax", "fake_email"], email=both)
    contacts = contacts_of([event(email=both)])
    assert [] == used_checks(judge_contacts(contacts, ["email_syntax"])), "it made no difference"
    assert ["email_syntax", "fake_email"] == used_checks(judge_contacts(contacts, CHECKS))


SAME = [
    {"email": "ana@example.com", "phone": "11 98765-4321"},
    {"email": " ANA@Example.COM ", "phone": "+55 (11) 98765-4321"},
    {"email": "ana@example.com", "phone2": "11987654321", "name": "Another Name"},
    {"email": "ana@example.com", "phone": "11987654321", "phone_global": "+5511987654321"},
]
OTHERS = [
    {"email": "ana@example.com"},
    {"email": "ana@example.com", "phone": "11 98765-4322"},
    {"email": "ana@example.com", "phone": "11 98765-4321", "phone2": "11 98765-4322"},
    {"email": "bia@example.com", "phone": "11 98765-4321"},
    {"email": "ana+tag@example.com", "phone": "11 98765-4321"},
    {"email": "11987654321", "phone": "ana@example.com"},
    {},
]


def test_contact_information_is_the_same_however_it_is_spelt_and_another_where_it_changed():
    texts = contact_texts([event(**given) for given in (*SAME, *OTHERS)])
    assert 1 == len(set(texts[: len(SAME)]))
    assert 1 + len(OTHERS) == len(set(texts))


def test_the_order_of_phones_is_no_change():
    phones = ("11 98765-4321", "21 98765-4321", "31 98765-4321")
    names = ("phone", "phone2", "phone_global")
    texts = contact_texts([event(**dict(zip(names, order, strict=True))) for order in permutations(phones)])
    assert 1 == len(set(texts))


@settings(max_examples=examples(30))
@given(st.lists(st.sampled_from([*SAME, *OTHERS, {"email": FAKE}, {"phone": "x"}]), max_size=6))
def test_many_events_are_read_as_each_of_them_alone(customers):
    events = [event(**customer) for customer in customers]
    assert [contact_texts([one])[0] for one in events] == contact_texts(events)
    together = contacts_of(events)
    alone = [contacts_of([one]) for one in events]
    assert [row for one in alone for row in one["written"]] == together["written"].tolist()
    assert [row for one in alone for row in one["contact_no"]] == together["contact_no"].tolist()
