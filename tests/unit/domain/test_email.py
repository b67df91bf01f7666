"""E-mail: the vectorised pass is the library's answer; fake patterns; throwaway domains."""

import json

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lead_pipeline.domain.email import ask_library, normalise_emails

ATOM = "abcXYZ019!#$%&'*+-/=?^_`{|}~"
LABELS = st.one_of(
    st.text("abzABZ059-", min_size=1, max_size=8),
    st.sampled_from(
        [
            "com",
            "org",
            "test",
            "local",
            "onion",
            "arpa",
            "invalid",
            "localhost",
            "example",
            "xn--bcher-kva",
            "ab--cd",
            "bücher",
            "c1",
        ]
    ),
    st.integers(61, 65).map(lambda size: "a" * size),
)
LOCALS = st.one_of(
    st.text(ATOM + '."@ é', max_size=12),
    st.sampled_from(["Info", "info", "POSTMASTER", "news", '"quoted local"', "a" * 64, "a" * 65, "a" * 240, "x+tag"]),
)
DOMAINS = st.lists(LABELS, min_size=1, max_size=5).map(".".join)
ADDRESSES = st.one_of(
    st.builds("{}@{}".format, LOCALS, DOMAINS), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
)


def column(*addresses):
    return pd.Series(list(addresses), dtype="str")


def answers(addresses):
    """(normal form, reason) of each address, None for missing."""
    found = normalise_emails(column(*addresses))[["email", "email_error"]].astype(object)
    return list(found.where(found.notna(), None).itertuples(index=False, name=None))


@given(st.lists(ADDRESSES, max_size=30))
@example(["a@b.c", "a@b.1", "a@b.1c", "a@-b.com", "a@b-.com", "a..b@c.com", ".a@c.com", "a@c.com\n", "A@B.COM"])
def test_every_answer_is_the_librarys(addresses):
    assert [ask_library(address) for address in addresses] == answers(addresses)


def needs_an_option(address):
    return address.startswith('"') or "<" in address or "[" in address


def published_cases(real_data):
    cases = json.loads((real_data / "email_syntax_cases.json").read_text("utf-8"))
    rows = [(case["test"], *case["row"]) for case in cases]
    return [row for row in rows if not any("\ud800" <= letter <= "\udfff" for letter in row[1])]


def test_published_cases_get_the_librarys_answer_under_our_options(real_data):
    addresses = [row[1] for row in published_cases(real_data)]
    assert [ask_library(address) for address in addresses] == answers(addresses)


def test_published_valid_addresses_have_the_published_normal_form(real_data):
    valid = [
        (row[1], row[2]["normalized"])
        for row in published_cases(real_data)
        if row[0] in ("test_email_valid", "test_email_valid_intl_local_part") and not needs_an_option(row[1])
    ]
    assert len(valid) > 15
    assert [expected for _, expected in valid] == [email for email, _ in answers(address for address, _ in valid)]


def test_published_invalid_addresses_are_refused(real_data):
    tests = ("test_email_invalid_syntax", "test_email_invalid_reserved_domain")
    invalid = [row[1] for row in published_cases(real_data) if row[0] in tests]
    assert len(invalid) > 70
    assert [] == [email for email, _ in answers(invalid) if email is not None]


@pytest.mark.parametrize(
    ("address", "pattern"),
    [
        ("1199999999333@gmail.com", "999999"),
        ("user111111@site.com", "111111"),
        ("000000@site.com", "000000"),
        ("me.123456789@site.com", "123456789"),
        ("ada@999999.com", None),
        ("ada.12345678@site.com", None),
    ],
)
def test_a_fake_pattern_counts_in_the_local_part_only(address, pattern):
    found = normalise_emails(column(address))["fake_pattern"].tolist()
    assert [pattern] == [value if isinstance(value, str) else None for value in found]


def test_disposable_domains_and_what_lies_under_them_are_known():
    addresses = column("a@mailinator.com", "a@eu.yopmail.com", "a@notmailinator.com", "a@gmail.com", None)
    assert [True, True, False, False, False] == normalise_emails(addresses)["is_disposable"].tolist()


def test_a_missing_address_is_no_error():
    found = normalise_emails(pd.Series([None, "x@y.com"], index=[5, 2], dtype="str"))
    assert [5, 2] == found.index.tolist()
    assert found.loc[5, ["email", "email_error"]].isna().all()


def test_a_column_without_any_value_can_be_of_any_type():
    assert normalise_emails(pd.Series([None, None]))["email"].isna().all()
