"""Masks: recognised by whoever knows, of no use to anybody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.masking import mask_contact, mask_cpf, mask_email, mask_phone


def test_a_cpf_shows_three_of_its_digits():
    assert "***.***.247-**" == mask_cpf("52998224725")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ana@example.com", "a***@example.com"),
        ("a@example.com", "***@example.com"),
        ("no address", "n***"),
        ("", "***"),
    ],
)
def test_an_address_shows_its_first_letter_and_its_domain(address, shown):
    assert shown == mask_email(address)


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+5511987654321", "+5511*******21"), ("+551132345678", "+5511******78"), ("98765", "***65"), ("12", "***")],
)
def test_a_number_shows_its_area_and_two_digits(number, shown):
    assert shown == mask_phone(number)


@given(st.sampled_from(["email", "phone"]), st.text(min_size=2, alphabet="ab1@+5").filter(lambda text: text[0] != "@"))
def test_no_contact_is_shown_whole(kind, text):
    assert text not in mask_contact(kind, text)
