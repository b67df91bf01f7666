"""Which values may be written out: categories' own words, never anything of a person."""

import pytest

from lead_pipeline.domain.plain_values import is_category, is_enum_like, is_plain


@pytest.mark.parametrize(
    "path",
    ["status", "leads[].signals[].signal_strength", "a.companyLocation.state", "leadSource", "contacts[].seniority"],
)
def test_a_field_that_is_called_a_category_is_one(path: str) -> None:
    assert is_category(path)


@pytest.mark.parametrize(
    "path",
    ["status.name", "state_name", "leads[].email", "customer.phone2", "note", "fullName", "source_url", "cpf",
     "event_id", "statusMessage", "kinship"],
)  # fmt: skip
def test_a_field_of_a_person_or_of_no_known_kind_is_no_category(path: str) -> None:
    assert not is_category(path)


def test_few_texts_that_recur_are_an_enum_and_many_or_unknown_are_none() -> None:
    assert is_enum_like(20, 4)
    assert not is_enum_like(19, 1)
    assert not is_enum_like(20, 5)
    assert is_enum_like(1000, 32)
    assert not is_enum_like(1000, 33)
    assert not is_enum_like(1000, None)


@pytest.mark.parametrize("text", ["high", "HIGH", "on_create_lead", "walk-in", "T3"])
def test_a_word_of_a_category_is_plain(text: str) -> None:
    assert is_plain(text)


@pytest.mark.parametrize(
    "text",
    ["ada@example.com", "+5511987654321", "529.982.247-25", "52998224725", "https://example.com", "Ada Byron", "x" * 41,
     "ada byron", "one\ttwo", "a\x00b", ""],
)  # fmt: skip
def test_an_address_a_number_a_sentence_and_a_full_name_are_not_plain(text: str) -> None:
    assert not is_plain(text)
