"""Who may pass: published vectors, the window at its edges, rotation, and every kind of forged or broken request."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.signatures import (
    WINDOW_SECONDS,
    Rejection,
    sign_standard_webhook,
    sign_webhook,
    verify_body_time,
    verify_standard_webhook,
    verify_stripe,
    verify_webhook,
)
from lead_pipeline.errors import PermanentError

NOW = 1_700_000_000.0
SECRET, PREVIOUS = "5f" * 32, "a0" * 32
BODY = b'{"event_type": "leads.single", "lead": {"email": "ann@example.com"}}'
HEADER = {
    "datashopper": "x-datashopper-signature",
    "clay": "x-clay-signature",
    "audience-labs": "x-audiencelabs-signature",
    "c2s": "x-webhook-token",
    "outgoing": "x-webhook-signature",
}
SIGNED = ("datashopper", "clay", "audience-labs", "outgoing")
TIMED = {"datashopper": "x-datashopper-timestamp", "clay": "x-clay-timestamp"}
JUNK_TIMES = [
    "abc",
    "1e3",
    "-0x",
    "-1",
    "+1700000000000",
    "１２",
    "9" * 400,
    " 17",
    "1700000000000\n",
    "1.5",
    "0x10",
    "٣",
]
ANY_TEXT = st.text(st.characters(codec=None))
BASE64_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def reason(rejection):
    return None if rejection is None else rejection.reason


def verified(source, body, headers, *secrets, now=NOW):
    return reason(verify_webhook(source, body, headers, secrets or (SECRET,), now=now))


def by_hand(secret, body):
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_every_published_vector_verifies_and_no_changed_one_does(real_data):
    verify = {"standard-webhooks": verify_standard_webhook, "stripe-v1": verify_stripe}
    vectors = json.loads((real_data / "webhook_vectors.json").read_text())
    for vector in vectors:
        check, body = verify[vector["scheme"]], vector["body"].encode()
        headers = {name.lower(): value for name, value in vector["headers"].items()}
        found = check(body, headers, [vector["secret"]], now=vector["now"])
        assert vector["expect"] == ("valid" if found is None else found), vector["name"]
        assert "wrong_signature" == reason(check(body + b" ", headers, [vector["secret"]], now=vector["now"]))
        assert "outside_window" == reason(check(body, headers, [vector["secret"]], now=vector["now"] + 301))
    assert 8 == len(vectors)


def test_the_key_is_the_text_of_the_secret_as_openssl_takes_it():
    signature = (
        "955985087e006d26685d593ece7206b6a317f4d89f6a6e82c7e9b7d1f370afb5"  # openssl dgst -sha256 -hmac "$SECRET"
    )

    assert by_hand(SECRET, BODY) == signature
    assert verified("audience-labs", BODY, {HEADER["audience-labs"]: signature}) is None
    assert verified("audience-labs", BODY, {HEADER["audience-labs"]: signature.upper()}) is None


@pytest.mark.parametrize("source", HEADER)
def test_what_we_sign_we_verify(source):
    headers = sign_webhook(source, BODY, SECRET, now=NOW)

    assert {HEADER[source], *filter(None, [TIMED.get(source)])} == set(headers)
    assert verified(source, BODY, headers) is None
    assert "wrong_signature" == verified(source, BODY, headers, PREVIOUS)


def test_vendors_times_are_in_milliseconds():
    assert "1700000000250" == sign_webhook("clay", b"", SECRET, now=NOW + 0.25)["x-clay-timestamp"]


@pytest.mark.parametrize("source", TIMED)
@pytest.mark.parametrize(
    ("away", "expected"), [(0, None), (299, None), (300, None), (300.001, "outside_window"), (301, "outside_window")]
)
def test_the_window_is_five_minutes_both_ways(source, away, expected):
    for now in (NOW + away, NOW - away):
        assert expected == verified(source, BODY, sign_webhook(source, BODY, SECRET, now=NOW), now=now)


@pytest.mark.parametrize("source", TIMED)
@pytest.mark.parametrize("text", JUNK_TIMES)
def test_a_junk_time_is_malformed(source, text):
    headers = {**sign_webhook(source, BODY, SECRET, now=NOW), TIMED[source]: text}

    assert "malformed_timestamp" == verified(source, BODY, headers)


@pytest.mark.parametrize("source", TIMED)
def test_a_time_in_seconds_or_none_at_all_is_refused(source):
    headers = sign_webhook(source, BODY, SECRET, now=NOW)
    without = {HEADER[source]: headers[HEADER[source]]}

    assert "outside_window" == verified(source, BODY, {**headers, TIMED[source]: str(int(NOW))})
    assert "missing_timestamp" == verified(source, BODY, {**headers, TIMED[source]: ""})
    assert "missing_timestamp" == verified(source, BODY, without)


@pytest.mark.parametrize("source", TIMED)
@pytest.mark.parametrize("time", ["", "abc", "1"])
def test_who_did_not_sign_learns_nothing_about_clocks(source, time):
    times = {TIMED[source]: time}

    assert "missing_signature" == verified(source, BODY, times)
    assert "wrong_signature" == verified(source, BODY, {**times, HEADER[source]: "0" * 64})


@pytest.mark.parametrize("source", HEADER)
def test_both_secrets_pass_while_one_is_rotated(source):
    for secret in (SECRET, PREVIOUS):
        headers = sign_webhook(source, BODY, secret, now=NOW)
        assert verified(source, BODY, headers, SECRET, PREVIOUS) is None
        assert verified(source, BODY, headers, PREVIOUS, SECRET) is None
    assert "wrong_signature" == verified(source, BODY, sign_webhook(source, BODY, "b" * 64, now=NOW), SECRET, PREVIOUS)


def test_every_secret_is_compared_even_after_one_fits(monkeypatch):
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append(a) or a == b)

    assert verified("clay", BODY, sign_webhook("clay", BODY, SECRET, now=NOW), SECRET, PREVIOUS) is None
    assert 2 == len(set(compared))


@pytest.mark.parametrize("source", HEADER)
def test_no_secret_and_an_empty_one_let_nobody_in(source):
    headers = sign_webhook(source, BODY, "", now=NOW)

    assert reason(verify_webhook(source, BODY, headers, [], now=NOW)) in {"wrong_signature", "missing_signature"}
    assert reason(verify_webhook(source, BODY, headers, [""], now=NOW)) in {"wrong_signature", "missing_signature"}


@pytest.mark.parametrize("source", SIGNED)
def test_a_body_that_was_serialised_anew_is_refused(source):
    headers = sign_webhook(source, BODY, SECRET, now=NOW)

    assert verified(source, bytes(BODY), headers) is None
    assert "wrong_signature" == verified(source, json.dumps(json.loads(BODY), separators=(",", ":")).encode(), headers)


@pytest.mark.parametrize("source", SIGNED)
@pytest.mark.parametrize("text", ["test", "0" * 63, "0" * 65, "g" * 64, f"sha256={'0' * 57}", "０" * 64, " " * 64, "é"])
def test_a_signature_of_another_form_is_malformed(source, text):
    headers = {**sign_webhook(source, BODY, SECRET, now=NOW), HEADER[source]: text}

    assert "malformed_signature" == verified(source, BODY, headers)


@pytest.mark.parametrize("source", HEADER)
def test_the_sample_signature_never_passes_whatever_the_secret(source):
    headers = {**sign_webhook(source, BODY, SECRET, now=NOW), HEADER[source]: "test"}

    assert "malformed_signature" == verified(source, BODY, headers, "test", SECRET)


@pytest.mark.parametrize("token", [SECRET[:-1], SECRET + "0", SECRET + "\x00", SECRET.upper(), "é", "\ud800"])
def test_a_token_passes_whole_or_not_at_all(token):
    assert "wrong_signature" == verified("c2s", BODY, {"x-webhook-token": token})


def test_an_unknown_source_is_refused_and_cannot_sign():
    assert "missing_signature" == verified("who", BODY, sign_webhook("clay", BODY, SECRET, now=NOW))
    with pytest.raises(PermanentError, match="datashopper"):
        sign_webhook("who", BODY, SECRET, now=NOW)


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2023-11-14T22:13:20Z", None),
        ("2023-11-14T22:13:20", None),
        ("2023-11-14T23:13:20.000+01:00", None),
        ("2023-11-14T22:08:20Z", None),
        ("2023-11-14T22:18:20Z", None),
        ("2023-11-14T22:08:19Z", "outside_window"),
        ("2023-11-14T22:18:21.000001Z", "outside_window"),
        ("0001-01-01T00:00:00+14:00", "outside_window"),
        ("9999-12-31T23:59:59-14:00", "outside_window"),
        (None, "missing_timestamp"),
        ("", "malformed_timestamp"),
        ("yesterday", "malformed_timestamp"),
        ("1700000000", "malformed_timestamp"),
        ("２023-11-14T22:13:20Z", "malformed_timestamp"),
        ("2023-11-14T22:13:20" + "0" * 400, "malformed_timestamp"),
        (1_700_000_000, "malformed_timestamp"),
        (["2023-11-14T22:13:20Z"], "malformed_timestamp"),
        ("\ud800", "malformed_timestamp"),
    ],
)
def test_the_time_in_a_body_has_the_same_window(timestamp, expected):
    assert expected == reason(verify_body_time(timestamp, now=NOW))


def test_a_standard_webhook_that_we_sign_verifies_until_anything_changes():
    headers = sign_standard_webhook("msg_1", BODY, BASE64_SECRET, now=NOW)

    def checked(*secrets, now=NOW, **changed):
        sent = {**headers, **{f"webhook-{name}": value for name, value in changed.items()}}
        return reason(verify_standard_webhook(BODY, sent, secrets or (BASE64_SECRET,), now=now))

    assert checked() is None
    assert checked(BASE64_SECRET.removeprefix("whsec_"), "x") is None
    assert "wrong_signature" == checked("é", "whsec_", "")
    assert "wrong_signature" == checked(id="msg_2")
    assert "missing_signature" == checked(id="")
    assert "missing_signature" == checked(signature="")
    assert "malformed_signature" == checked(signature="test")
    assert "malformed_signature" == checked(signature=headers["webhook-signature"].replace("v1,", "v2,"))
    assert "missing_timestamp" == checked(timestamp="")
    assert "wrong_signature" == checked(timestamp="abc")
    assert "outside_window" == checked(now=NOW - 301)


def test_a_signed_junk_time_is_malformed():
    headers = {**sign_standard_webhook("msg_1", b"1.x", BASE64_SECRET, now=7), "webhook-timestamp": "7.1"}

    assert "malformed_timestamp" == reason(verify_standard_webhook(b"x", headers, [BASE64_SECRET], now=7))


def test_a_standard_webhook_needs_a_base64_secret():
    with pytest.raises(PermanentError, match="base64"):
        sign_standard_webhook("msg_1", BODY, "whsec_é", now=NOW)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "missing_signature"),
        ("t=1700000000", "malformed_signature"),
        ("t=1700000000,v0=" + "0" * 64, "malformed_signature"),
        ("v1=" + "0" * 64, "missing_timestamp"),
        ("t=1700000000,v1=" + "0" * 64, "wrong_signature"),
        (f"t=1700000000, v1={by_hand(SECRET, b'1700000000.' + BODY)}", None),
        (f"t=17e8,v1={by_hand(SECRET, b'17e8.' + BODY)}", "malformed_timestamp"),
        (f"t=1600000000,v1={by_hand(SECRET, b'1600000000.' + BODY)}", "outside_window"),
    ],
)
def test_a_stripe_header_is_read_with_every_fault(header, expected):
    assert expected == reason(verify_stripe(BODY, {"stripe-signature": header}, [SECRET], now=NOW))


def test_no_detail_tells_a_secret_or_a_signature_and_each_says_something():
    told = [
        verify_webhook(source, BODY, headers, [SECRET], now=NOW)
        for source, name in HEADER.items()
        for headers in ({}, {name: "test"}, {name: "0" * 64}, {name: PREVIOUS})
    ]
    for rejection in filter(None, told):
        assert 20 < len(rejection.detail)
        for hidden in (SECRET, PREVIOUS, by_hand(SECRET, BODY), "0" * 64):
            assert hidden not in rejection.detail


def test_the_bounds_are_the_documented_ones():
    assert 300 == WINDOW_SECONDS


@given(
    st.sampled_from([*HEADER, "who"]),
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from([*HEADER.values(), *TIMED.values(), "other"]), ANY_TEXT | st.just("0" * 64)),
    st.lists(ANY_TEXT, max_size=2),
)
def test_any_request_has_a_typed_answer(source, body, headers, secrets):
    answer = verify_webhook(source, body, headers, secrets, now=NOW)

    if source != "c2s":  # a token that was drawn as the secret too passes, rightly
        assert isinstance(answer, Rejection)


@given(
    st.binary(max_size=200),
    st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "stripe-signature"]),
        ANY_TEXT | st.from_regex(r"(?:t=[0-9]{1,12},)?v1[=,][0-9a-zA-Z+/=]{40,64}"),
    ),
    st.lists(ANY_TEXT | st.just(BASE64_SECRET), max_size=2),
)
def test_any_standard_or_stripe_request_is_refused_with_a_type(body, headers, secrets):
    assert isinstance(verify_standard_webhook(body, headers, secrets, now=NOW), Rejection)
    assert isinstance(verify_stripe(body, headers, secrets, now=NOW), Rejection)


@given(ANY_TEXT | st.integers() | st.floats() | st.none() | st.datetimes().map(str) | st.lists(st.text()))
def test_any_time_in_a_body_has_a_typed_answer(timestamp):
    assert isinstance(verify_body_time(timestamp, now=NOW), Rejection | None)


@given(st.sampled_from(SIGNED), st.binary(min_size=1, max_size=300), st.data())
def test_a_signed_body_verifies_and_no_flipped_bit_does(source, body, data):
    headers = sign_webhook(source, body, SECRET, now=NOW)
    bit = data.draw(st.integers(0, 8 * len(body) - 1))
    flipped = bytearray(body)
    flipped[bit // 8] ^= 1 << bit % 8

    assert verified(source, body, headers) is None
    assert "wrong_signature" == verified(source, bytes(flipped), headers)
