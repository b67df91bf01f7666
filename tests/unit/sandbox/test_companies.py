"""The sandbox's companies: generated from a seed, or read from a file."""

import phonenumbers
import pytest

from lead_pipeline.errors import FileRefused
from lead_pipeline.sandbox.catalogue import HEADS, build_catalogue
from lead_pipeline.sandbox.companies import COLUMNS, generate_companies, load_companies
from lead_pipeline.sandbox.company_words import INDUSTRIES

COMPANIES = generate_companies()


def test_generated_companies_have_the_columns_of_the_real_list():
    assert list(COLUMNS) == list(COMPANIES.columns)
    assert 1200 == len(COMPANIES)
    assert {"str"} == {str(kind) for kind in COMPANIES.dtypes}


def test_one_seed_always_gives_the_same_companies():
    assert COMPANIES.equals(generate_companies())
    assert not COMPANIES.equals(generate_companies(seed=8))


def test_every_generated_website_is_reserved_and_its_own():
    assert COMPANIES["website"].str.fullmatch(r"(https?://)?(www\.)?[a-z0-9]+\.example(/en/)?").all()
    assert len(COMPANIES) == COMPANIES["website"].str.extract(r"([a-z0-9]+)\.example")[0].nunique()


def test_generated_companies_lie_in_several_countries_and_states():
    assert COMPANIES["country"].nunique() >= 5
    assert COMPANIES.loc[COMPANIES["country"] == "United States", "state"].nunique() >= 5
    assert set(INDUSTRIES) == set(COMPANIES["sector"])


def test_a_generated_list_survives_a_file(tmp_path):
    path = tmp_path / "companies.csv"
    COMPANIES.to_csv(path, index=False)
    assert COMPANIES.equals(load_companies(path))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "cannot be read"),
        (b"symbol,name\nA,B\n", "add the columns website"),
        (b"\xff\xfe\x00\x01", "cannot be read"),
        (
            (",".join(COLUMNS) + "\n" + "A,B,http://b.example,,,,,,,,\n" * 2).encode(),
            "the symbol A is there twice",
        ),
        ((",".join(COLUMNS) + "\nA,,http://b.example,,,,,,,,\n").encode(), "1 rows have no name"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(tmp_path, content, says):
    path = tmp_path / "companies.csv"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=says):
        load_companies(path)


def test_an_absent_file_is_refused(tmp_path):
    with pytest.raises(FileRefused, match="name another file"):
        load_companies(tmp_path / "nowhere.csv")


def test_the_size_word_bounds_the_heads():
    frame = build_catalogue(COMPANIES, seed=7).frame
    low = COMPANIES["market_cap"].fillna("").map({word: bounds[0] for word, bounds in HEADS.items()})
    high = COMPANIES["market_cap"].fillna("").map({word: bounds[1] for word, bounds in HEADS.items()})
    assert frame["employee_count"].between(low, high).all()
    assert (frame["revenue"] > frame["employee_count"]).all()


def test_phones_are_fictional_and_belong_to_the_country():
    frame = build_catalogue(COMPANIES, seed=7).frame
    with_phone = frame[frame["phone"] != ""]
    assert 0.3 < len(with_phone) / len(frame) < 0.6
    assert with_phone["phone"].str.fullmatch(r"\+1 \d{3}-555-01\d\d").all()
    for phone, country in zip(with_phone["phone"], with_phone["country_2"], strict=True):
        number = phonenumbers.parse(phone)
        assert phonenumbers.is_valid_number(number)
        assert country.upper() == phonenumbers.region_code_for_number(number)


def test_every_country_of_the_real_list_has_its_code(real_data):
    frame = build_catalogue(load_companies(real_data / "companies.csv"), seed=7).frame
    assert 5000 == len(frame)
    assert [""] == sorted(frame.loc[frame["country_2"] == "", "country"].unique())
