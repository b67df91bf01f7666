"""Resend: its wire to the letter, and what each of its answers means."""

from datetime import timedelta

import httpx
import pytest

from lead_pipeline.channels.email_resend import EmailByResend
from lead_pipeline.channels.message import Channel, Receipt, repeats_now
from lead_pipeline.domain.deliveries import Repeats
from lead_pipeline.errors import OutcomeUnknown, RateLimited, VendorRefused, VendorUnavailable
from tests.unit.channels.wires import KEY, MAIL, NOON, Asked, as_golden, golden, lost, message, transport, unreachable

ID = "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"
MESSAGE = message("jane@example.com", MAIL)
TAKEN = message("jane@example.com", MAIL, provider_id=ID)


def resend(asked: Asked) -> Channel:
    return EmailByResend("https://api.resend.com", "re_123", transport(asked))


def answering(status: int, body: object) -> Channel:
    return resend(Asked(httpx.Response(status, json=body)))


def error(status: int, name: str) -> Channel:
    return answering(status, {"statusCode": status, "message": "jane@example.com is wrong", "name": name})


def test_an_email_is_sent_as_resend_documents_it():
    asked = Asked(httpx.Response(200, json={"id": ID}))

    assert Receipt(ID, is_final=False, status=200) == resend(asked).send(MESSAGE, NOON)
    assert golden("resend_send") == as_golden(asked.requests[0])


def test_a_message_is_asked_for_by_the_id_that_resend_gave():
    asked = Asked(httpx.Response(200, json={"object": "email", "id": ID, "last_event": "delivered"}))

    assert Receipt(ID, status=200) == resend(asked).ask(TAKEN)
    assert golden("resend_ask") == as_golden(asked.requests[0])


def test_a_message_without_an_address_for_answers_names_none():
    asked = Asked(httpx.Response(200, json={"id": ID}))
    resend(asked).send(message("jane@example.com", {k: v for k, v in MAIL.items() if k != "reply_to"}), NOON)

    assert "reply_to" not in as_golden(asked.requests[0])["body"]


@pytest.mark.parametrize("answer", [lost, httpx.Response(500), httpx.Response(200, json={"ok": True})])
def test_a_lost_or_odd_answer_leaves_the_outcome_unknown_and_nothing_is_repeated(answer):
    asked = Asked(answer)
    with pytest.raises(OutcomeUnknown):
        resend(asked).send(MESSAGE, NOON)
    assert 1 == len(asked.requests)


def test_the_first_request_under_a_key_may_still_be_under_way():
    with pytest.raises(OutcomeUnknown, match="still at the first request"):
        error(409, "concurrent_idempotent_requests").send(MESSAGE, NOON)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (409, "invalid_idempotent_request"),
        (400, "invalid_idempotency_key"),
        (422, "missing_required_field"),
        (422, "validation_error"),
    ],
)
def test_what_resend_will_not_take_is_refused_by_its_name(status, name):
    with pytest.raises(VendorRefused, match=name) as refused:
        error(status, name).send(MESSAGE, NOON)
    assert status == refused.value.status


@pytest.mark.parametrize(("status", "name"), [(401, "missing_api_key"), (403, "invalid_api_key")])
def test_a_refused_key_is_told_apart_from_a_refused_message(status, name):
    with pytest.raises(VendorRefused, match="check the key") as refused:
        error(status, name).send(MESSAGE, NOON)
    assert status == refused.value.status


def test_a_limit_and_an_unreachable_resend_have_had_no_effect():
    limited = resend(Asked(httpx.Response(429, json={"name": "rate_limit_exceeded"}, headers={"retry-after": "1"})))
    with pytest.raises(RateLimited) as caught:
        limited.send(MESSAGE, NOON)
    assert 1 == caught.value.retry_after
    with pytest.raises(VendorUnavailable):
        resend(Asked(unreachable)).send(MESSAGE, NOON)


@pytest.mark.parametrize(
    ("event", "receipt"),
    [
        ("queued", Receipt(ID, is_final=False, status=200)),
        ("sent", Receipt(ID, is_final=False, status=200)),
        ("delivery_delayed", Receipt(ID, is_final=False, status=200)),
        ("delivered", Receipt(ID, status=200)),
        ("clicked", Receipt(ID, status=200)),
        ("bounced", Receipt(ID, failure="bounced", status=200)),
        ("complained", Receipt(ID, failure="complained", status=200)),
        ("suppressed", Receipt(ID, failure="suppressed", status=200)),
        ("failed", Receipt(ID, failure="failed", status=200)),
    ],
)
def test_the_last_event_says_what_became_of_a_message(event, receipt):
    assert receipt == answering(200, {"id": ID, "last_event": event}).ask(TAKEN)


def test_what_resend_forgot_or_may_not_tell_is_believed_and_not_sent_again():
    assert Receipt(ID, status=404) == error(404, "not_found").ask(TAKEN)
    assert Receipt(ID, status=401) == error(401, "restricted_api_key").ask(TAKEN)


def test_a_question_with_a_wrong_key_or_an_odd_answer_is_no_answer():
    with pytest.raises(VendorRefused, match="check RESEND_API_KEY"):
        error(401, "missing_api_key").ask(TAKEN)
    with pytest.raises(VendorUnavailable, match="last_event is not text"):
        answering(200, {"id": ID}).ask(TAKEN)


@pytest.mark.parametrize(
    ("hours", "repeats"), [(0, Repeats.KEYED), (22.9, Repeats.KEYED), (23, Repeats.BLIND), (48, Repeats.BLIND)]
)
def test_a_key_is_worth_something_for_less_than_a_day(hours, repeats):
    channel = resend(Asked(lost))
    tried = message("jane@example.com", MAIL, attempted_at=NOON)

    assert repeats is repeats_now(channel, tried, NOON + timedelta(hours=hours))
    assert Repeats.KEYED is repeats_now(channel, MESSAGE, NOON)


def test_the_key_is_the_deliverys_own():
    asked = Asked(httpx.Response(200, json={"id": ID}))
    resend(asked).send(MESSAGE, NOON)

    assert KEY == asked.requests[0].headers["Idempotency-Key"]
