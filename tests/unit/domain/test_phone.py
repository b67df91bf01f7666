"""Phones: the vectorised pass is the library's answer, for every region's ways of writing a number."""

import pandas as pd
import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.arrow import to_arrow
from lead_pipeline.domain.phone import _read_ordinary, ask_library, normalise_phones

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = [
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.TOLL_FREE,
    phonenumbers.PhoneNumberType.VOIP,
]


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
    found = normalise_phones(*columns(pairs))[["phone", "phone_country"]].astype(object)
    return list(found.where(found.notna(), None).itertuples(index=False, name=None))


@settings(deadline=None)
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


def test_an_example_of_every_region_gets_the_librarys_answer_in_every_form():
    forms = [phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL]
    forms.append(phonenumbers.PhoneNumberFormat.NATIONAL)
    numbers = [(region, phonenumbers.example_number(region)) for region in REGIONS]
    pairs = [(phonenumbers.format_number(n, form), region) for region, n in numbers for form in forms]
    assert [ask_library(*pair) for pair in pairs] == answers(pairs)


def test_ordinary_american_and_brazilian_numbers_do_not_wait_for_the_library():
    pairs = [
        ("(310) 246-1501", "US"),
        ("1 416 555 0123", "CA"),
        ("+55 11 98765-4321", None),
        ("1133334444", "BR"),
    ]
    _, _, decided = _read_ordinary(*map(to_arrow, columns(pairs)))
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


def test_an_invalid_number_is_told_from_a_valid_one_without_raising():
    found = normalise_phones(*columns([("+1234567890", "US"), ("3102461501", None), (None, "US")]))
    assert [False, False, False] == found["phone_valid"].tolist()
    assert found[["phone", "phone_country"]].isna().all().all()


def test_the_country_is_the_numbers_own():
    assert [("+14165550123", "CA"), ("+447400123456", "GB")] == answers(
        [("416-555-0123", "US"), ("+44 7400 123456", "US")]
    )


def test_real_restaurant_phones_get_the_librarys_answer(real_data):
    lists = [pd.read_csv(real_data / "restaurants" / name, dtype="str") for name in ("fodors.csv", "zagats.csv")]
    phones = pd.concat(lists)["phone"].dropna().tolist()
    assert [ask_library(phone, "US") for phone in phones] == answers([(phone, "US") for phone in phones])
