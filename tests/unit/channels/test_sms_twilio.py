"""Twilio: its wire to the letter, what each of its answers means, and how a lost message is found again."""

from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from lead_pipeline.channels.message import Channel, Receipt
from lead_pipeline.channels.sms_twilio import SmsByTwilio
from lead_pipeline.errors import OutcomeUnknown, RateLimited, VendorRefused, VendorUnavailable
from tests.unit.channels.wires import NOON, Asked, as_golden, golden, lost, message, transport, unreachable

ACCOUNT = f"AC{'0' * 32}"
SID = f"SM{'0' * 31}1"
TEXT = "Acme: new lead, 5 € & more"
MESSAGE = message("+14155550123", {"text": TEXT})
TAKEN = message("+14155550123", {"text": TEXT}, provider_id=SID)
SOUGHT = message("+14155550123", {"text": TEXT}, attempted_at=NOON)


def sms(at: timedelta = timedelta(0), **more: object) -> dict[str, object]:
    """As Twilio shows one; `at`: after NOON."""
    return {
        "sid": SID, "status": "queued", "num_segments": "1", "body": TEXT, "direction": "outbound-api",
        "date_created": format_datetime(NOON + at), "date_sent": None, "error_code": None, **more,
    }  # fmt: skip


def twilio(asked: Asked) -> Channel:
    return SmsByTwilio("https://api.twilio.com", ACCOUNT, "token", "+15005550006", transport(asked))


def answering(status: int, body: object) -> Channel:
    return twilio(Asked(httpx.Response(status, json=body)))


def error(status: int, code: object) -> Channel:
    return answering(status, {"code": code, "message": "+14155550123", "more_info": "", "status": status})


def listing(*messages: object, more: str | None = None) -> httpx.Response:
    return httpx.Response(200, json={"messages": list(messages), "next_page_uri": more})


def test_an_sms_is_sent_as_twilio_documents_it():
    asked = Asked(httpx.Response(201, json=sms(num_segments="2")))

    assert Receipt(SID, is_final=False, units=2, status=201) == twilio(asked).send(MESSAGE, NOON)
    assert golden("twilio_send") == as_golden(asked.requests[0])


@pytest.mark.parametrize("counted", ["0", None, 3, "²"])
def test_segments_that_twilio_has_not_counted_are_counted_here(counted):
    assert 1 == answering(201, sms(num_segments=counted)).send(MESSAGE, NOON).units


def test_a_message_is_asked_for_by_the_id_that_twilio_gave():
    asked = Asked(httpx.Response(200, json=sms(status="delivered")))

    assert Receipt(SID, status=200) == twilio(asked).ask(TAKEN)
    assert golden("twilio_ask") == as_golden(asked.requests[0])


@pytest.mark.parametrize(
    ("status", "code", "is_final", "failure"),
    [
        ("queued", None, False, None),
        ("sending", None, False, None),
        ("sent", None, False, None),
        ("delivered", None, True, None),
        ("undelivered", 30003, True, "undelivered, error 30003"),
        ("failed", None, True, "failed"),
        ("canceled", "x", True, "canceled"),
    ],
)
def test_the_status_says_what_became_of_a_message(status, code, is_final, failure):
    expected = Receipt(SID, is_final, failure, status=200)
    assert expected == answering(200, sms(status=status, error_code=code)).ask(TAKEN)


def test_what_twilio_has_removed_is_believed_and_not_sent_again():
    assert Receipt(SID, status=404) == error(404, 20404).ask(TAKEN)


@pytest.mark.parametrize("answer", [lost, httpx.Response(500), httpx.Response(200, json={"ok": True})])
def test_a_lost_or_odd_answer_leaves_the_outcome_unknown_and_nothing_is_repeated(answer):
    asked = Asked(answer)
    with pytest.raises(OutcomeUnknown):
        twilio(asked).send(MESSAGE, NOON)
    assert 1 == len(asked.requests)


@pytest.mark.parametrize("code", [21211, 21610, 21614, 21408, 21617])
def test_a_number_or_text_that_twilio_will_not_take_is_refused_by_its_code(code):
    with pytest.raises(VendorRefused, match=f"400, error {code}") as refused:
        error(400, code).send(MESSAGE, NOON)
    assert 400 == refused.value.status


@pytest.mark.parametrize(
    ("status", "code", "given", "words"),
    [
        (401, 20003, 401, "check the key"),
        (404, 20404, 401, "check TWILIO_ACCOUNT_SID"),
        (400, 21606, 403, "check TWILIO_PHONE_NUMBER"),
        (400, 21212, 403, "check TWILIO_PHONE_NUMBER"),
    ],
)
def test_an_account_or_number_of_ours_that_is_at_fault_counts_as_a_refused_key(status, code, given, words):
    with pytest.raises(VendorRefused, match=words) as refused:
        error(status, code).send(MESSAGE, NOON)
    assert given == refused.value.status


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (400, 21611)])
def test_a_limit_or_a_full_queue_asks_for_patience(status, code):
    with pytest.raises(RateLimited):
        error(status, code).send(MESSAGE, NOON)


def test_an_unreachable_twilio_has_had_no_effect():
    with pytest.raises(VendorUnavailable):
        twilio(Asked(unreachable)).send(MESSAGE, NOON)


def test_a_message_whose_answer_was_lost_is_looked_for_among_those_to_its_number():
    asked = Asked(listing(sms(timedelta(seconds=9), sid="SM2", body="other"), sms(timedelta(seconds=1))))

    assert Receipt(SID, is_final=False, status=200) == twilio(asked).ask(SOUGHT)
    assert golden("twilio_look_for") == as_golden(asked.requests[0])


@pytest.mark.parametrize(
    "listed",
    [
        [],
        [sms(timedelta(minutes=-1))],
        [sms(body="Acme: new lead, 5 € & mor")],
        [sms(direction="inbound")],
        [sms(timedelta(minutes=-1)), sms()],
    ],
    ids=["none", "older", "another text", "inbound", "after an older one"],
)
def test_a_message_that_twilio_never_had_is_absent(listed):
    assert twilio(Asked(listing(*listed))).ask(SOUGHT) is None


def test_twilios_clock_tells_whole_seconds_and_may_be_behind():
    found = twilio(Asked(listing(sms(timedelta(seconds=-4))))).ask(SOUGHT)
    assert SID == found.provider_id


def test_pages_are_turned_until_what_is_older_than_the_attempt():
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1&PageToken=PA1"
    asked = Asked(listing(sms(timedelta(seconds=9), body="other"), more=path), listing(sms()))

    assert SID == twilio(asked).ask(SOUGHT).provider_id
    assert f"https://api.twilio.com{path}" == str(asked.requests[1].url)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"messages": None}),
        httpx.Response(200, json={"messages": ["x"]}),
        listing(sms(date_created="yesterday")),
        listing(sms(date_created=None)),
        listing(sms(sid=None)),
        listing(more="https://elsewhere.example/"),
        listing(more=f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?for=ever"),
    ],
)
def test_a_list_that_was_not_agreed_or_has_no_end_is_no_answer(answer):
    with pytest.raises(VendorUnavailable):
        twilio(Asked(answer)).ask(SOUGHT)
