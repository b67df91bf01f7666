"""Names: one form from the other, and the form in which companies compare."""

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lead_pipeline.domain.names import company_keys, complete_names

WORDS = st.text(st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x17F), min_size=1, max_size=8)
COMPANY_NAMES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


def key(name):
    return company_keys(pd.Series([name], dtype="str")).iloc[0]


def completed(full=None, first=None, last=None):
    columns = (pd.Series([value], dtype="str") for value in (full, first, last))
    row = complete_names(*columns).iloc[0]
    return tuple(value if isinstance(value, str) else None for value in row)


@pytest.mark.parametrize(
    ("given_names", "expected"),
    [
        ({"full": "Ada  Lovelace"}, ("Ada Lovelace", "Ada", "Lovelace")),
        ({"first": "Ada", "last": "Lovelace"}, ("Ada Lovelace", "Ada", "Lovelace")),
        ({"full": "Ana Maria da Silva"}, ("Ana Maria da Silva", "Ana", "Maria da Silva")),
        ({"full": "Cher"}, ("Cher", "Cher", None)),
        ({"first": "Ada"}, ("Ada", "Ada", None)),
        ({"last": " Lovelace "}, ("Lovelace", None, "Lovelace")),
        ({"full": "Ana Maria Silva", "first": "Ana"}, ("Ana Maria Silva", "Ana", "Maria Silva")),
        ({"full": "Ana Maria Silva", "first": "Ana Maria"}, ("Ana Maria Silva", "Ana Maria", None)),
        ({"full": "A. Lovelace", "first": "Ada", "last": "King"}, ("A. Lovelace", "Ada", "King")),
        ({}, (None, None, None)),
    ],
)
def test_a_missing_form_comes_from_the_other(given_names, expected):
    assert expected == completed(**given_names)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Tose Co., Ltd.", "tose"),
        ("AT&T Inc.", "at and t"),
        ("The Coca-Cola Company", "coca cola"),
        ("apple pan  the", "apple pan"),
        ("L'Oréal S.A.", "loreal"),
        ("A.P. Møller - Mærsk A/S", "ap moller maersk"),
        ("Tiffany & Co.", "tiffany"),
        ("Müller GmbH & Co. KG", "muller"),
        ("Fiat S.p.A.", "fiat"),
        ("Petrobras Ltda", "petrobras"),
        ("ＡＣＭＥ　Inc", "acme"),
        ("株式会社トヨタ", "株式会社トヨタ"),
        ("Inc", "inc"),
        ("The", "the"),
        ("!!!", "!!!"),
    ],
)
def test_the_key_leaves_what_tells_companies_apart(name, expected):
    assert expected == key(name)


@pytest.mark.parametrize("form", [" Inc", ", Inc.", " LLC", " L.L.C.", " S.A.", " GmbH", " Pty Ltd", " Co., Ltd."])
@given(COMPANY_NAMES)
def test_a_legal_form_does_not_change_the_key(form, name):
    assume(any(letter.isalnum() for letter in name))
    assert key(name) == key(name + form)


@given(COMPANY_NAMES)
def test_case_and_spaces_do_not_change_the_key(name):
    assert key(name) == key(f"  {name.upper()} ") == key(name.swapcase().replace(" ", "  "))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_name_with_a_visible_letter_never_has_an_empty_key(name):
    assume(name.strip())
    assert key(name)


def test_a_missing_name_has_no_key():
    assert pd.isna(key(None))
