"""Identity: the same party gives the same fingerprint; lead ids can be replayed and sort by arrival."""

import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.identity import fingerprint_keys, fingerprints, lead_ids
from lead_pipeline.domain.lead import validate_leads
from lead_pipeline.domain.website import SHARED_HOSTS
from lead_pipeline.errors import ContractBroken

WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=10)
OWN_SITES = WORDS.filter(lambda name: f"{name}.com" not in SHARED_HOSTS)
"""Names whose .com is one party's: a page of a host that many share says nothing of whose it is (decision 008)."""
NAMES = ("type", "email", "domain", "company_name", "country", "full_name", "phone")


def key(**values):
    row = {name: pd.Series([values.get(name)], dtype="str") for name in NAMES}
    found = fingerprint_keys(pd.DataFrame(row)).iloc[0]
    return found if isinstance(found, str) else None


def fingerprint(**raw):
    """The fingerprint that a raw row ends up with."""
    row = {name: pd.Series([value], dtype="str") for name, value in raw.items()}
    accepted, _ = validate_leads(pd.DataFrame({"drop_id": [1], "row_no": [0], **row}), workspace_country=None)
    return accepted["fingerprint"].iloc[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"type": "INDIVIDUAL", "email": "Ada+news@Acme.com", "domain": "acme.com"}, "email:ada@acme.com"),
        ({"type": "INDIVIDUAL", "email": "+x@acme.com"}, "email:+x@acme.com"),
        ({"type": "COMPANY", "domain": "acme.com", "company_name": "Acme"}, "domain:acme.com"),
        ({"type": "COMPANY", "company_name": "The Acme Co.", "country": "US"}, "name:acme|US"),
        ({"type": "COMPANY", "company_name": "Acme"}, "name:acme|"),
        ({"type": "INDIVIDUAL", "full_name": "Ada King", "domain": "acme.com"}, "person:ada king|acme.com"),
        ({"type": "INDIVIDUAL", "full_name": "Ada King", "company_name": "Acme Inc"}, "person:ada king|acme"),
        (
            {"type": "INDIVIDUAL", "full_name": "Ada King", "phone": "+13102461501"},
            "person:ada king|+13102461501",
        ),
        ({"type": "INDIVIDUAL", "full_name": "Ada King"}, None),
        ({"type": "COMPANY", "country": "US"}, None),
    ],
)
def test_the_key_says_what_identifies_the_lead(values, expected):
    assert expected == key(**values)


@given(WORDS, WORDS, WORDS)
def test_a_tag_case_and_spaces_do_not_change_the_fingerprint(local, tag, name):
    plain = fingerprint(email=f"{local}@{name}.com")
    assert plain == fingerprint(email=f"  {local.upper()}+{tag}@{name.title()}.COM ")


@given(OWN_SITES, WORDS)
def test_scheme_www_and_path_do_not_change_the_fingerprint(name, path):
    assert fingerprint(website=f"{name}.com") == fingerprint(website=f" HTTPS://WWW.{name.upper()}.com/{path}?q=1")


@given(WORDS)
def test_a_legal_form_does_not_change_the_fingerprint(name):
    assert fingerprint(company_name=f"{name} works") == fingerprint(company_name=f" {name.upper()}  Works, Inc.")


def test_different_parties_have_different_fingerprints():
    keys = pd.Series([f"email:n{number}@acme.com" for number in range(10_000)], dtype="str")
    assert 10_000 == fingerprints(keys).nunique()


def test_a_fingerprint_is_the_blake2b_of_its_key_and_stays_what_it_is():
    found = fingerprints(pd.Series(["email:ada@acme.com", None], index=[4, 2], dtype="str"))
    assert [4, 2] == found.index.tolist()
    assert "74fbcc69-cb76-1c78-45f0-49b122329db9" == found.loc[4]
    assert pd.isna(found.loc[2])


PARTS = st.tuples(st.integers(0, 2**48 - 1), st.integers(0, 2**44 - 1), st.integers(0, 2**30 - 1))


@given(st.lists(PARTS, unique=True, min_size=1, max_size=20))
def test_lead_ids_are_unique_and_sort_by_time_drop_and_row(parts):
    ids = lead_ids(*np.array(parts, dtype=np.int64).T).tolist()
    assert len(parts) == len(set(ids))
    assert [part for _, part in sorted(zip(ids, parts, strict=True))] == sorted(parts)


@given(PARTS)
def test_a_lead_id_is_a_version_7_uuid_of_its_millisecond(part):
    text = lead_ids(part[0], np.array([part[1]]), np.array([part[2]])).iloc[0]
    parsed = uuid.UUID(text)
    assert (text, 7, uuid.RFC_4122) == (str(parsed), parsed.version, parsed.variant)
    assert part[0] == parsed.int >> 80


@pytest.mark.parametrize("part", [(2**48, 0, 0), (0, 2**44, 0), (0, 0, 2**30), (0, -1, 0)])
def test_what_does_not_fit_breaks_the_contract(part):
    with pytest.raises(ContractBroken, match="must be whole numbers"):
        lead_ids(*(np.array([value]) for value in part))


def test_no_rows_give_no_ids():
    assert 0 == len(lead_ids(0, np.array([], dtype=np.int64), np.array([], dtype=np.int64)))
