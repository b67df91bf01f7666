"""The made-up Brazilians: valid, distinct, always the same, and found by whatever is asked for."""

import pandas as pd
import phonenumbers
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType
from stdnum.br import cpf

from lead_pipeline.domain.email import FAKE_PATTERNS, normalise_emails
from lead_pipeline.sandbox.brazil import KNOWN, brazilian, people_index

SEED = 7
PLACES = st.integers(0, 199_999_999)


@given(n=PLACES, seed=st.integers(0, 9))
def test_everybody_has_a_cpf_with_right_check_digits_and_mobile_numbers_of_brazil(n, seed):
    person = brazilian(seed, n)

    assert person == brazilian(seed, n)
    assert person.cpf == cpf.validate(person.cpf)
    assert 1 < len(set(person.cpf))
    assert 1 <= len(person.phones) <= 2
    for phone in person.phones:
        parsed = phonenumbers.parse(phone)
        assert phonenumbers.is_valid_number_for_region(parsed, "BR")
        assert PhoneNumberType.MOBILE == phonenumbers.number_type(parsed)
        assert phone == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@given(one=PLACES, other=PLACES)
def test_no_two_share_a_cpf_a_phone_or_an_address(one, other):
    first, second = brazilian(SEED, one), brazilian(SEED, other)

    assert (one == other) == (first.cpf == second.cpf)
    assert (one == other) == bool({*first.phones, *first.emails} & {*second.phones, *second.emails})


def test_the_known_ones_are_found_by_cpf_and_by_every_contact():
    index, people = people_index(SEED), [brazilian(SEED, n) for n in range(KNOWN)]

    assert {person.cpf: person for person in people} == index.by_cpf
    assert KNOWN == len(index.by_cpf)
    assert sum(len(person.phones) for person in people) == len(index.by_phone)
    assert sum(len(person.emails) for person in people) == len(index.by_email)
    assert people[3] == index.by_phone[people[3].phones[0]] == index.by_email[people[3].emails[-1]]
    assert brazilian(SEED, KNOWN).cpf not in index.by_cpf


def test_every_address_is_one_under_example_com_and_none_looks_made_up():
    addresses = [email for n in range(KNOWN) for email in brazilian(SEED, n).emails]
    judged = normalise_emails(pd.Series(addresses, dtype="str"))

    assert addresses == judged["email"].tolist()
    assert judged["fake_pattern"].isna().all()
    assert all(address.endswith(("@example.com", ".example.com")) for address in addresses)
    assert not any(pattern in address for address in addresses for pattern in FAKE_PATTERNS)


def test_a_phone_of_one_and_the_address_of_another_lead_to_two_people():
    index, one, other = people_index(SEED), brazilian(SEED, 1), brazilian(SEED, 2)

    assert one.cpf == index.by_phone[one.phones[0]].cpf
    assert other.cpf == index.by_email[other.emails[0]].cpf
    assert one.cpf != other.cpf


def test_another_seed_has_other_people():
    assert not set(people_index(SEED).by_cpf) & {brazilian(8, n).cpf for n in range(50)}
