"""Which file column holds which canonical raw column, and the frame under those names.

Holds the synonyms and the rules for doubt. Does not read files (`csv_rows`) and does not clean values.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pycountry

from lead_pipeline.errors import FileRefused

CANONICAL = (
    "full_name",
    "first_name",
    "last_name",
    "email",
    "phone",
    "job_title",
    "company_name",
    "company_industry",
    "website",
    "company_location_city",
    "company_location_state",
    "company_location_country",
    "postal_code",
    "employee_count",
    "revenue",
    "linkedin_url",
)
LOCATION = "company_location"
"""A pseudo-column, "City, State" or "City, Country" in one cell: `to_canonical` splits it."""

IDENTIFYING = ("email", "website", "company_name", "full_name", "last_name")

# Compared without case, spaces and punctuation: "E-mail Address" is emailaddress.
_SYNONYMS = {
    "full_name": "fullname contactname contact contactperson personname leadname",
    "first_name": "firstname givenname forename fname first contactfirstname",
    "last_name": "lastname surname familyname lname last contactlastname",
    "email": "email emailaddress mail emailid workemail businessemail contactemail primaryemail companyemail",
    "phone": "phone phonenumber telephone telephonenumber tel phoneno mobile mobilephone mobilenumber cell "
    "cellphone workphone businessphone contactphone companyphone directphone primaryphone",
    "job_title": "jobtitle title position role jobrole designation",
    "company_name": "companyname company organization organisation organizationname organisationname org "
    "business businessname account accountname employer firm security legalname",
    "company_industry": "companyindustry industry sector gicssector companysector industryname vertical",
    "website": "website url web domain domainname webaddress websiteurl companywebsite companyurl "
    "companydomain homepage site",
    "company_location_city": "companylocationcity city town locality companycity hqcity headquarterscity",
    "company_location_state": "companylocationstate state province region stateprovince stateregion "
    "companystate hqstate",
    "company_location_country": "companylocationcountry country countryname countrycode nation "
    "companycountry hqcountry",
    "postal_code": "postalcode zip zipcode postcode zippostalcode companyzip",
    "employee_count": "employeecount employees numberofemployees noofemployees numemployees headcount "
    "companysize staff",
    "revenue": "revenue annualrevenue companyrevenue turnover",
    "linkedin_url": "linkedinurl linkedin linkedinprofile linkedinprofileurl personlinkedinurl contactlinkedinurl",
    LOCATION: "companylocation location hq hqlocation headquarters headquarterslocation",
}
_CANONICAL_OF = {word: canonical for canonical, words in _SYNONYMS.items() for word in words.split()}
_PERSON_EVIDENCE = {"first_name", "last_name", "full_name", "job_title", "company_name", "linkedin_url"}
_COMPANY_EVIDENCE = {"website", "company_industry", "employee_count", "revenue"}
_COMPANY_WORDS = {"isin", "symbol", "ticker", "tickersymbol", "cik", "marketcap", "duns", "vat", "vatnumber"}


@dataclass(frozen=True)
class HeaderMatch:
    """`mapping` is canonical name -> file column; `unmatched` are the other columns in file order."""

    mapping: dict[str, str]
    unmatched: list[str]


def match_headers(columns: Sequence[str], explicit: Mapping[str, str]) -> HeaderMatch:
    """Decide which is which: `explicit` (canonical -> file column), then canonical names, then synonyms.

    Where two columns mean the same, the first in file order wins and the other stays unmatched. A column
    `name` is decided last, by `_meaning_of_name`. A one-cell location is taken only where no city and no
    state column is.

    Raises FileRefused: an unknown target, a source that is not in the file or is given twice, no identifying
    column.
    """
    mapping = _checked(columns, explicit)
    taken = set(mapping.values())
    for column in columns:
        if column in CANONICAL and column not in mapping and column not in taken:
            mapping[column] = column
            taken.add(column)
    words = {column: _word(column) for column in columns}
    for column, word in words.items():
        canonical = _CANONICAL_OF.get(word)
        if canonical and canonical != LOCATION and canonical not in mapping and column not in taken:
            mapping[canonical] = column
            taken.add(column)
    for column, word in words.items():
        canonical = _meaning_of_name(mapping, set(words.values())) if word == "name" else None
        if _CANONICAL_OF.get(word) == LOCATION and not mapping.keys() & {*CANONICAL[9:11], LOCATION}:
            canonical = LOCATION
        if canonical and canonical not in mapping and column not in taken:
            mapping[canonical] = column
            taken.add(column)
    if not mapping.keys() & set(IDENTIFYING):
        raise FileRefused(
            f"no usable header: none of {', '.join(IDENTIFYING)} among the columns {_listed(columns)}. "
            f"Name the columns in the first row, or say which is which: "
            f"--map email={columns[0] if columns else 'Email'}"
        )
    return HeaderMatch(mapping, [column for column in columns if column not in taken])


def to_canonical(rows: pd.DataFrame, match: HeaderMatch) -> pd.DataFrame:
    """`rows` (all `str`) under the canonical names, in their order, and `attributes`; the index is kept.

    `attributes` is the JSON object of a row's unmatched cells that are not empty (`{}` where all are), NaN
    throughout where no column is unmatched.
    """
    columns = {name: rows[match.mapping[name]] for name in CANONICAL if name in match.mapping}
    if LOCATION in match.mapping:
        parts = _split_location(rows[match.mapping[LOCATION]])
        columns |= {name: parts[name] for name in parts if name not in columns}
    ordered = {name: columns[name] for name in CANONICAL if name in columns}
    return pd.DataFrame({**ordered, "attributes": _attributes(rows, match.unmatched)}, index=rows.index)


def _checked(columns: Sequence[str], explicit: Mapping[str, str]) -> dict[str, str]:
    allowed = (*CANONICAL, LOCATION)
    for canonical, column in explicit.items():
        if canonical not in allowed:
            raise FileRefused(
                f"--map {canonical}={column}: {canonical!r} is no column of a lead. Use {', '.join(allowed)}."
            )
        if column not in columns:
            raise FileRefused(f"--map {canonical}={column}: the file has no such column. It has {_listed(columns)}.")
        if list(explicit.values()).count(column) > 1:
            raise FileRefused(f"--map {canonical}={column}: {column!r} is given twice. Give each column one meaning.")
    return dict(explicit)


def _meaning_of_name(mapping: Mapping[str, str], words: set[str]) -> str:
    """A bare `name`: a person beside person columns, else a company beside company columns, else a person."""
    if mapping.keys() & {"full_name", "first_name", "last_name"}:
        return "company_name"
    if mapping.keys() & _PERSON_EVIDENCE:
        return "full_name"
    return "company_name" if mapping.keys() & _COMPANY_EVIDENCE or words & _COMPANY_WORDS else "full_name"


def _word(label: str) -> str:
    return "".join(letter for letter in label.casefold() if letter.isalnum())


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(column[:60]) for column in columns[:30])
    return f"{shown} and {len(columns) - 30} more" if len(columns) > 30 else shown


def _split_location(cells: pd.Series) -> dict[str, pd.Series]:
    """City, state and country of "City, State" or "City, Country", cut at the last comma; else empty.

    The tail is a country where it is a country's name and not a US state's (Georgia is the state). Without a
    comma the cell is a country or else a city.
    """
    distinct = pd.Series(cells.unique(), dtype="str").dropna()
    cut = distinct.str.extract(r"(?s)^(?:(?P<head>.*)(?P<comma>,))?(?P<tail>[^,]*)$").fillna("")
    tail = cut["tail"].str.strip()
    is_country = tail.str.casefold().isin(_country_names())
    has_comma = cut["comma"] == ","
    city = cut["head"].str.strip().where(has_comma, tail.mask(is_country, ""))
    answers = {
        "company_location_city": city,
        "company_location_state": tail.where(has_comma & ~is_country, ""),
        "company_location_country": tail.where(is_country, ""),
    }
    return {name: cells.map(dict(zip(distinct, values, strict=True))).astype("str") for name, values in answers.items()}


@lru_cache(maxsize=1)
def _country_names() -> frozenset[str]:
    names = {"uk", "usa", "u.s.", "u.s.a.", "uae", "turkey", "russia"}
    for country in pycountry.countries:
        names |= {
            getattr(country, field, country.name).casefold() for field in ("name", "common_name", "official_name")
        }
    return frozenset(names - {part.name.casefold() for part in pycountry.subdivisions if part.country_code == "US"})


def _attributes(rows: pd.DataFrame, unmatched: Sequence[str]) -> pd.Series:
    if not unmatched:
        return pd.Series(float("nan"), index=rows.index, dtype="str")
    members = [_member(column, rows[column]) for column in unmatched]
    inside = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*members, _text("")), start=1)
    objects = pc.binary_join_element_wise(_text("{"), inside, _text("}"), _text(""))
    return pd.Series(objects.to_pandas().array, index=rows.index, dtype="str")


def _member(column: str, cells: pd.Series) -> pa.Array | pa.ChunkedArray:
    """`,"column":"cell"` per row, `''` where the cell is empty or missing.

    Never null: pyarrow 26's join that skips nulls leaves out the rows in which all are null.
    """
    values = pc.fill_null(pc.cast(pa.array(cells), pa.large_string()), "")
    key = json.dumps(column, ensure_ascii=False)
    member = pc.binary_join_element_wise(_text(f',{key}:"'), _escaped(values), _text('"'), _text(""))
    return pc.if_else(pc.equal(values, ""), _text(""), member)


def _escaped(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The inside of a JSON string: backslash first, then the quote and each control character that occurs."""
    if pc.any(pc.match_substring_regex(values, r'[\x00-\x1f"\\]')).as_py():
        for raw in ("\\", '"', *map(chr, range(32))):
            if pc.any(pc.match_substring(values, raw)).as_py():
                values = pc.replace_substring(values, raw, json.dumps(raw)[1:-1])
    return values


def _text(value: str) -> pa.Scalar:
    return pa.scalar(value, pa.large_string())
