"""Slips of well-known mail domains: what is suggested, and what is left alone."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.arrow import ARROW_TEXT
from lead_pipeline.domain.mail_domains import DISPOSABLE_DOMAINS, FREE_MAIL_DOMAINS
from lead_pipeline.domain.mail_suggestions import edits, suggest_domains

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-."
TARGETS = ["gmail.com", "hotmail.com", "yahoo.com", "outlook.com", "icloud.com", "protonmail.com", "bellsouth.net"]


def suggested(*domains):
    return suggest_domains(pa.array(domains, ARROW_TEXT)).to_pylist()


def distance(one, other):
    """Optimal string alignment, row by row: another way to the same distance."""
    rows = [list(range(len(other) + 1))]
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            costs = [rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right)]
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                costs.append(rows[-2][j - 2] + 1)
            row.append(min(costs))
        rows.append(row)
    return rows[-1][-1]


@pytest.mark.parametrize(
    ("given_domain", "expected"),
    [
        ("gmail.co", "gmail.com"),
        ("gmial.com", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.cmo", "gmail.com"),
        ("gmail.com.br", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("hotmail.con", "hotmail.com"),
        ("hotmial.con", "hotmail.com"),
        ("hotmail.con.br", "hotmail.com.br"),
        ("yaho.com.br", "yahoo.com.br"),
        ("yahooo.com", "yahoo.com"),
        ("outlok.com", "outlook.com"),
        ("icluod.com", "icloud.com"),
        ("uol.con.br", "uol.com.br"),
        ("live.cmo", "live.com"),
    ],
)
def test_a_slip_is_told_what_was_meant(given_domain, expected):
    assert [expected] == suggested(given_domain)


@pytest.mark.parametrize(
    "domain",
    [
        "gmail.com", "ymail.com", "email.com", "mail.com", "gmx.com", "gmx.de", "cloud.com", "hotmail.com.ar",
        "hotmail.ch", "yahoo.co.id", "acme.com", "acme.con", "aon.com", "me.co", "mailinator.com", "bücher.example",
    ],
)  # fmt: skip
def test_a_domain_of_its_own_is_left_alone(domain):
    assert [None] == suggested(domain)


def test_no_known_mail_domain_is_ever_a_slip():
    known = sorted(FREE_MAIL_DOMAINS | DISPOSABLE_DOMAINS)
    assert [None] * len(known) == suggested(*known)


def test_values_and_gaps_keep_their_places():
    assert [None, "gmail.com", None] == suggested(None, "gmial.com", "acme.com")
    assert [] == suggested()


@given(st.sampled_from(TARGETS), st.data())
def test_everything_one_edit_away_is_found(target, data):
    place = data.draw(st.integers(1, len(target) - 1))
    letter, kind = data.draw(st.sampled_from(LETTERS)), data.draw(st.sampled_from(["more", "less", "other", "swap"]))
    head, tail = target[:place], target[place:]
    slip = {
        "more": head + letter + tail,
        "less": head + tail[1:],
        "other": head + letter + tail[1:],
        "swap": head[:-1] + tail[0] + head[-1] + tail[1:],
    }[kind]
    left_alone = slip in FREE_MAIL_DOMAINS or slip in {"gmails.com", "gail.com", "hotmails.com", "outlooks.com"}
    assert [None if left_alone else target] == suggested(slip)


@given(st.text("abcdegmhilotukcny.", min_size=1, max_size=9), st.text("abcdegmhilotukcny.", min_size=1, max_size=9))
def test_edits_are_all_that_lies_within_one_step(one, other):
    assert (distance(one, other) <= 1) == (other in set(edits(one)))
