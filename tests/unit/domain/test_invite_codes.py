"""Invite codes: what is made can be read again however it is typed, and nothing else can."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.invite_codes import ALPHABET, LENGTH, new_code, read_code


@given(st.randoms(use_true_random=False))
def test_a_code_is_read_again_in_small_letters_and_with_a_hyphen(chance):
    code = new_code(chance.choice)
    assert LENGTH == len(code)
    assert code == read_code(code) == read_code(f" {code[:4].lower()}-{code[4:]} ")


def test_no_two_characters_look_alike():
    assert set() == set("IO01") & set(ALPHABET)
    assert 32 == len(set(ALPHABET)) == len(ALPHABET)


@pytest.mark.parametrize(
    "text", ["", "AB23CD4", "AB23CD456", "AB23CD4O", "AB23CD41", "äB23CD45", "AB23CD4\x00", "'" * 8]
)
def test_what_can_be_no_code_is_none(text):
    assert read_code(text) is None


def test_codes_of_the_same_chance_are_the_same():
    assert new_code(random.Random(7).choice) == new_code(random.Random(7).choice)
