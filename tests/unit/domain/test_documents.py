"""CPF and CNPJ: stdnum's answer on generated and odd values, normal form, masked form."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br import cnpj, cpf

from lead_pipeline.domain.documents import normalise_cnpjs, normalise_cpfs, read_cpf

ODD = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text("0123456789.-/ AZaz", max_size=20),
    st.sampled_from(["", "0", "00000000000", "11111111111", "52998224725", "٥٢٩٩٨٢٢٤٧٢٥", "１２ABC34501DE35"]),
)


@st.composite
def numbers(draw, letters, module, first):
    """A number of which about half are right, written in one of the ways that people write it."""
    body = draw(st.text(letters, min_size=first, max_size=first))
    digits = module._calc_check_digits(body + "00") if module is cpf else module.calc_check_digits(body)
    number = body + draw(st.sampled_from([digits, digits, draw(st.text("0123456789", min_size=2, max_size=2))]))
    return draw(st.sampled_from([number, module.format(number), f" {number} ", number.lower(), number[:-1]]))


CPFS = st.one_of(numbers("0123456789", cpf, 9), ODD)
CNPJS = st.one_of(numbers("0123456789", cnpj, 12), numbers("0123456789ABCXYZ", cnpj, 12), ODD)


def column(*texts):
    return pd.Series(list(texts), dtype="str")


def values(series):
    return [None if pd.isna(value) else value for value in series.tolist()]


@given(st.lists(CPFS, max_size=20))
def test_a_cpf_is_valid_where_stdnum_says_so(texts):
    found = normalise_cpfs(column(*texts))
    expected = [cpf.is_valid(text) and cpf.compact(text).isascii() for text in texts]
    assert expected == found["cpf_valid"].tolist()
    assert [cpf.compact(text) if right else None for text, right in zip(texts, expected, strict=True)] == values(
        found["cpf"]
    )


@given(st.lists(CNPJS, max_size=20))
def test_a_cnpj_is_valid_where_stdnum_says_so(texts):
    found = normalise_cnpjs(column(*texts))
    expected = [cnpj.is_valid(text) and cnpj.compact(text).isascii() for text in texts]
    assert expected == found["cnpj_valid"].tolist()
    assert [cnpj.compact(text) if right else None for text, right in zip(texts, expected, strict=True)] == values(
        found["cnpj"]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("529.982.247-25", "52998224725"),
        (" 52998224725 ", "52998224725"),
        ("529.982.247-24", None),
        ("52998224725x", None),
        ("5299822472", None),
        ("00000000000", None),
        ("", None),
    ],
)
def test_a_cpf_comes_out_as_eleven_digits(text, expected):
    assert expected == read_cpf(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16.727.230/0001-97", "16727230000197"),
        ("16.727.230.0001-98", None),
        ("12.ABC.345/01DE-35", "12ABC34501DE35"),
        ("12abc34501de35", "12ABC34501DE35"),
        ("00000000000000", None),
    ],
)
def test_a_cnpj_may_have_letters(text, expected):
    assert [expected] == values(normalise_cnpjs(column(text))["cnpj"])


def test_the_masked_form_comes_beside_it():
    found = normalise_cpfs(pd.Series(["529.982.247-25", "1", None], index=[7, 8, 9], dtype="str"))
    assert ["***.***.247-**", None, None] == values(found["cpf_masked"])
    assert [True, False, False] == found["cpf_valid"].tolist()
    assert [7, 8, 9] == found.index.tolist()


def test_a_column_without_any_value_can_be_of_any_type():
    assert normalise_cpfs(pd.Series([None, None]))["cpf"].isna().all()
    assert normalise_cnpjs(pd.Series([], dtype="str"))["cnpj"].empty
