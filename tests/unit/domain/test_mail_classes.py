"""Classes of mailboxes: role, free-mail and throw-away ones, and addresses that may be slips."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.arrow import to_arrow
from lead_pipeline.domain.email import normalise_emails
from lead_pipeline.domain.mail_classes import ROLE_MAILBOXES, classify_mail
from lead_pipeline.domain.mail_domains import DISPOSABLE_DOMAINS, FREE_MAIL_DOMAINS

DOMAINS = st.sampled_from(
    ["acme.com", "gmail.com", "gmial.com", "mail.yopmail.com", "xn--bcher-kva.de", "yahoo.com.br", "hotmail.con"]
)
LOCALS = st.one_of(st.sampled_from(["info", "Sales", "info+x", "information", "ada"]), st.text("abc+.A", max_size=6))
ADDRESSES = st.lists(st.one_of(st.none(), st.builds("{}@{}".format, LOCALS, DOMAINS)), max_size=12)


def column(*addresses):
    return pd.Series(list(addresses), dtype="str")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("info@acme.com", True),
        ("SALES@acme.com", True),
        ("contato+site@acme.com.br", True),
        ("no-reply@acme.com", True),
        ("info.ada@acme.com", False),
        ("information@acme.com", False),
        ("ada@info.com", False),
        ("ada+info@acme.com", False),
        (None, False),
    ],
)
def test_a_role_mailbox_is_told_by_its_name_without_its_tag(address, expected):
    assert [expected] == normalise_emails(column(address))["is_role"].tolist()


def test_free_mail_is_the_domain_itself_and_throw_away_what_lies_under_one_too():
    found = normalise_emails(column("a@gmail.com", "a@x.gmail.com", "a@GMAIL.com", "a@x.yopmail.com", "a@acme.com"))
    assert [True, False, True, False, False] == found["is_free_mail"].tolist()
    assert [False, False, False, True, False] == found["is_disposable"].tolist()


def test_the_suggestion_is_another_domain_and_never_another_mailbox():
    found = normalise_emails(column("A.da+x@gmial.com", "ada@gmail.com", "nobody"))
    assert ["A.da+x@gmial.com", "ada@gmail.com"] == found["email"].tolist()[:2]
    assert "A.da+x@gmail.com" == found["suggestion"].iloc[0]
    assert found["suggestion"].iloc[1:].isna().all()


@given(ADDRESSES)
def test_each_class_is_what_one_would_say_of_the_address_alone(addresses):
    found = normalise_emails(column(*addresses))
    for row in found.itertuples():
        local, _, domain = row.email.rpartition("@") if isinstance(row.email, str) else ("", "", "")
        assert (local.lower().partition("+")[0] in ROLE_MAILBOXES) == row.is_role
        assert (domain in FREE_MAIL_DOMAINS) == row.is_free_mail
        assert any(f".{domain}".endswith(f".{one}") for one in DISPOSABLE_DOMAINS) == row.is_disposable
        if isinstance(row.suggestion, str):
            assert (local, "@") == row.suggestion.rpartition("@")[:2]
            assert not row.is_free_mail


def test_a_quoted_mailbox_may_hold_an_at_sign():
    found = classify_mail(to_arrow(column('"a@b"@gmial.com', None)))
    assert ['"a@b"@gmail.com', None] == found.suggestion.to_pylist()


def test_published_addresses_of_nobodys_free_mail_get_no_suggestion(real_data):
    cases = json.loads((real_data / "email_syntax_cases.json").read_text("utf-8"))
    addresses = [case["row"][0] for case in cases]
    sound = [text for text in addresses if not any("\ud800" <= letter <= "\udfff" for letter in text)]
    found = normalise_emails(column(*sound))
    assert len(found) > 100
    assert found["suggestion"].isna().all()
    assert not found[["is_role", "is_free_mail", "is_disposable"]][found["email"].isna()].any(axis=None)
