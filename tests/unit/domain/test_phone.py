"""Phones: the vectorised pass is the library's answer, type included, for every region's ways of writing a number."""

import pandas as pd
import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from lead_pipeline.domain.arrow import to_arrow
from lead_pipeline.domain.phone import _read_ordinary, ask_library, normalise_phones
from lead_pipeline.domain.phone_plans import TYPES

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
NON_GEOGRAPHIC = sorted(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
KINDS = [kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN]


@st.composite
def written_numbers(draw):
    """A number near an example of some region, written as people do, and the country to read it with."""
    region = draw(st.sampled_from(["US", "BR", "GB", "IT", "AR", "CA", *REGIONS]))
    number = phonenumbers.example_number_for_type(region, draw(st.sampled_from(KINDS)))
    digits = list(phonenumbers.national_significant_number(number) if number else "2015550123")
    for place in draw(st.lists(st.integers(0, len(digits) - 1), max_size=4)):
        digits[place] = draw(st.sampled_from("0123456789"))
    code = str(phonenumbers.country_code_for_region(region))
    prefix = draw(st.sampled_from(["", "", "0", "1", "8", "00", "(", f"+{code}", f"+{code} (0)", code, f"00{code}"]))
    between = draw(st.lists(st.sampled_from(["", "", "", "-", " ", ".", "/", ") "]), min_size=20, max_size=20))
    end = draw(st.sampled_from(["", "", "", ".", " x12", "7"]))
    text = prefix + "".join(a + b for a, b in zip(digits, between, strict=False)) + end
    return text, draw(st.sampled_from([region, region, region, "US", "CA", "AQ", None]))


def columns(pairs):
    texts, countries = zip(*pairs, strict=True) if pairs else ((), ())
    return pd.Series(list(texts), dtype="str"), pd.Series(list(countries), dtype="str")


def answers(pairs):
    found = normalise_phones(*columns(pairs))[["phone", "phone_country", "phone_type"]].astype(object)
    return list(found.where(found.notna(), None).itertuples(index=False, name=None))


@given(st.lists(written_numbers(), max_size=20))
@example(
    [
        ("+", "US"),
        ("", "US"),
        ("12", "US"),
        ("+1", None),
        ("+99912345678", "US"),
        ("tel:+1-310-246-1501", None),
    ]
)
@example([("1-800-FLOWERS", "US"), ("310 246 1501 ext 7", "US"), ("+800 1234 5678", None), ("３１０2461501", "US")])
def test_every_answer_is_the_librarys(pairs):
    assert [ask_library(*pair) for pair in pairs] == answers(pairs)


@given(st.lists(written_numbers(), min_size=1, max_size=20))
def test_a_number_with_a_calling_code_that_is_valid_without_a_country_is_the_same_with_any(pairs):
    international = [(text, country) for text, country in pairs if text.lstrip("( ").startswith("+")]
    alone = answers([(text, None) for text, _ in international])
    for given_country, without in zip(answers(international), alone, strict=True):
        assert without in (given_country, (None, None, "unknown"))


def test_an_example_of_every_region_gets_the_librarys_answer_in_every_form():
    forms = [phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL]
    forms.append(phonenumbers.PhoneNumberFormat.NATIONAL)
    numbers = [(region, phonenumbers.example_number(region)) for region in REGIONS]
    pairs = [(phonenumbers.format_number(n, form), region) for region, n in numbers for form in forms]
    assert [ask_library(*pair) for pair in pairs] == answers(pairs)


def test_an_example_of_every_type_of_every_region_has_the_librarys_type():
    examples = [phonenumbers.example_number_for_type(region, kind) for region in REGIONS for kind in KINDS]
    examples += [phonenumbers.example_number_for_non_geo_entity(code) for code in NON_GEOGRAPHIC]
    numbers = [number for number in examples if number is not None]
    expected = [PhoneNumberType.to_string(phonenumbers.number_type(number)).lower() for number in numbers]
    texts = [phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) for number in numbers]
    assert expected == [kind for _, _, kind in answers([(text, None) for text in texts])]
    assert set(TYPES) - {"unknown"} == set(expected)


@given(st.lists(written_numbers(), max_size=20))
def test_the_type_is_number_type_of_what_the_library_parses(pairs):
    for (text, country), (_, _, kind) in zip(pairs, answers(pairs), strict=True):
        try:
            number = phonenumbers.parse(text, country)
        except phonenumbers.NumberParseException:
            assert "unknown" == kind
        else:
            assert PhoneNumberType.to_string(phonenumbers.number_type(number)).lower() == kind


def test_ordinary_american_and_brazilian_numbers_do_not_wait_for_the_library():
    pairs = [
        ("(310) 246-1501", "US"),
        ("1 416 555 0123", "CA"),
        ("+55 11 98765-4321", None),
        ("1133334444", "BR"),
    ]
    *_, decided = _read_ordinary(*map(to_arrow, columns(pairs)))
    assert decided.all()


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("11987654321", "BR", "+5511987654321"),
        ("310/246-1501", "US", "+13102461501"),
        ("+13102461501", None, "+13102461501"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("06 698 12345", "IT", "+390669812345"),
    ],
)
def test_a_national_number_is_read_with_its_country(text, country, expected):
    assert expected == answers([(text, country)])[0][0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11987654321", ("+5511987654321", "BR", "mobile")),
        ("(11) 98765-4321", ("+5511987654321", "BR", "mobile")),
        ("011 98765-4321", ("+5511987654321", "BR", "mobile")),
        ("0 15 11 98765-4321", ("+5511987654321", "BR", "mobile")),
        ("0xx11 98765-4321", ("+5511987654321", "BR", "mobile")),
        ("+55 11 98765-4321", ("+5511987654321", "BR", "mobile")),
        ("+55 (0) 11 98765-4321", ("+5511987654321", "BR", "mobile")),
        ("5511987654321", ("+5511987654321", "BR", "mobile")),
        ("1133334444", ("+551133334444", "BR", "fixed_line")),
        ("1187654321", (None, None, "unknown")),
        ("1177654321", ("+551177654321", "BR", "mobile")),
        ("987654321", (None, None, "unknown")),
        ("98765-4321", (None, None, "unknown")),
        ("2098765-4321", (None, None, "unknown")),
        ("0800 123 4567", ("+558001234567", "BR", "toll_free")),
        ("4003-0123", ("+5540030123", "BR", "shared_cost")),
    ],
)
def test_a_brazilian_number_is_what_libphonenumber_says(text, expected):
    assert ask_library(text, "BR") == answers([(text, "BR")])[0]
    assert expected == answers([(text, "BR")])[0]


def test_an_invalid_number_is_told_from_a_valid_one_without_raising():
    found = normalise_phones(*columns([("+1234567890", "US"), ("3102461501", None), (None, "US")]))
    assert [False, False, False] == found["phone_valid"].tolist()
    assert found[["phone", "phone_country"]].isna().all().all()


def test_the_country_is_the_numbers_own():
    found = answers([("416-555-0123", "US"), ("+44 7400 123456", "US")])
    assert [("+14165550123", "CA"), ("+447400123456", "GB")] == [(phone, country) for phone, country, _ in found]


def test_real_restaurant_phones_get_the_librarys_answer(real_data):
    lists = [pd.read_csv(real_data / "restaurants" / name, dtype="str") for name in ("fodors.csv", "zagats.csv")]
    phones = pd.concat(lists)["phone"].dropna().tolist()
    assert [ask_library(phone, "US") for phone in phones] == answers([(phone, "US") for phone in phones])
