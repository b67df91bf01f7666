"""Signed tokens: taken for their purpose until they end, and nothing that is forged ever is."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from lead_pipeline.settings import load_settings
from lead_pipeline.steps.tokens import read_token, sign
from lead_pipeline.store.signing_key import signing_key
from tests.examples import examples

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OURS = load_settings({"NEXTAUTH_SECRET": "a" * 64})
OTHERS = load_settings({"NEXTAUTH_SECRET": "b" * 64})
CLAIMS = {"sid": "1", "exp": int((NOON + HOUR).timestamp())}


def made(claims=CLAIMS, *, alg="HS256", key=None, purpose="session"):
    key = key or OctKey.import_key(signing_key(OURS, purpose))
    return jwt.encode({"alg": alg}, dict(claims), key, algorithms=[alg])


def read(token, *, now=NOON, given=OURS, purpose="session"):
    return read_token(token, given, purpose=purpose, now=now)


def test_a_token_says_what_was_signed_until_it_ends():
    token, ends = sign({"sid": "1"}, OURS, purpose="session", lasts=HOUR, now=NOON)
    assert NOON + HOUR == ends
    assert "1" == read(token)["sid"]
    assert "1" == read(token, now=ends - timedelta(seconds=1))["sid"]
    assert read(token, now=ends) is None


def test_a_clock_that_is_behind_the_signers_takes_it_too():
    token, _ = sign({"sid": "1"}, OURS, purpose="session", lasts=HOUR, now=NOON)
    assert "1" == read(token, now=NOON - timedelta(seconds=30))["sid"]


def test_a_token_for_one_purpose_is_nothing_for_another():
    token, _ = sign({"sid": "1"}, OURS, purpose="google-ticket", lasts=HOUR, now=NOON)
    assert read(token) is None
    assert "1" == read(token, purpose="google-ticket")["sid"]


def test_a_token_of_another_secret_is_refused():
    token, _ = sign({"sid": "1"}, OTHERS, purpose="session", lasts=HOUR, now=NOON)
    assert read(token) is None


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


FORGED = {
    "no algorithm": f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(CLAIMS)}.",
    "no algorithm, in capitals": f"{part({'alg': 'NONE'})}.{part(CLAIMS)}.",
    "another algorithm with our key": made(alg="HS512"),
    "an RSA key of one's own": made(alg="RS256", key=RSAKey.generate_key(2048)),
    "no end": made({"sid": "1"}),
    "an end that is no number": made({"sid": "1", "exp": "tomorrow"}),
    "a key in its own header": jwt.encode(
        {"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}, dict(CLAIMS), OctKey.import_key(b"x" * 32)
    ),
    "not three parts": "a.b",
    "nothing": "",
    "not ASCII": "é.é.é",
    "too long": "a" * 5000,
}


@pytest.mark.parametrize("why", FORGED)
def test_a_forged_token_is_refused(why):
    assert read(FORGED[why]) is None


def test_the_forgeries_are_of_a_token_that_would_be_taken():
    assert "1" == read(made())["sid"]


@given(place=st.integers(0, 10_000), other=st.characters(codec="ascii"))
@settings(max_examples=examples(60))
def test_one_changed_character_before_the_last_makes_it_another_or_none(place, other):
    token = made()
    at = place % (len(token) - 1)  # the last character holds bits that are not read
    changed = token[:at] + other + token[at + 1 :]
    assert (changed == token) == (read(changed) is not None)
