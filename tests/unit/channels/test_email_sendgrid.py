"""SendGrid: its wire to the letter, and what each of its answers means."""

import httpx
import pytest

from lead_pipeline.channels.email_sendgrid import EmailBySendGrid
from lead_pipeline.channels.message import Channel, Receipt
from lead_pipeline.errors import OutcomeUnknown, RateLimited, VendorRefused, VendorUnavailable
from tests.unit.channels.wires import MAIL, NOON, Asked, as_golden, golden, lost, message, transport, unreachable

MESSAGE = message("jane@example.com", MAIL)
TAKEN = httpx.Response(202, headers={"X-Message-Id": "14c5d75ce93"})


def sendgrid(asked: Asked, sender: str | None = None) -> Channel:
    return EmailBySendGrid("https://api.sendgrid.com", "SG.123", transport(asked), sender)


def error(status: int, field: object, **more: object) -> httpx.Response:
    return httpx.Response(
        status, json={"errors": [{"message": "jane@example.com", "field": field, "help": None}]}, **more
    )


def test_an_email_is_sent_as_sendgrid_documents_it():
    asked = Asked(TAKEN)

    assert Receipt("14c5d75ce93", status=202) == sendgrid(asked).send(MESSAGE, NOON)
    assert golden("sendgrid_send") == as_golden(asked.requests[0])


def test_the_address_that_sendgrid_knows_replaces_the_messages_and_leaves_its_name():
    asked = Asked(TAKEN)
    sendgrid(asked, "Lead Pipeline <known@example.com>").send(MESSAGE, NOON)

    assert {"email": "known@example.com", "name": "Acme Leads"} == as_golden(asked.requests[0])["body"]["from"]


@pytest.mark.parametrize("answer", [lost, httpx.Response(500), httpx.Response(200, json={"ok": True})])
def test_whatever_is_not_its_202_leaves_the_outcome_unknown_and_nothing_is_repeated(answer):
    asked = Asked(answer)
    with pytest.raises(OutcomeUnknown):
        sendgrid(asked).send(MESSAGE, NOON)
    assert 1 == len(asked.requests)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (error(400, "personalizations.0.to.0.email"), "400 for personalizations.0.to.0.email:"),
        (error(413, None), "413:"),
        (error(400, "jane@example.com"), "400:"),
        (httpx.Response(400, content=b"{"), "400:"),
        (httpx.Response(400, json=[]), "400:"),
    ],
)
def test_what_sendgrid_will_not_take_is_refused_by_the_field_at_fault(answer, words):
    with pytest.raises(VendorRefused) as refused:
        sendgrid(Asked(answer)).send(MESSAGE, NOON)
    assert f"SendGrid answered {words} correct it, then replay the message." == str(refused.value)
    assert answer.status_code == refused.value.status


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_apart_from_a_refused_message(status):
    with pytest.raises(VendorRefused, match="check the key") as refused:
        sendgrid(Asked(error(status, None))).send(MESSAGE, NOON)
    assert status == refused.value.status


def test_a_limit_and_an_unreachable_sendgrid_have_had_no_effect():
    with pytest.raises(RateLimited):
        sendgrid(Asked(error(429, None))).send(MESSAGE, NOON)
    with pytest.raises(VendorUnavailable):
        sendgrid(Asked(unreachable)).send(MESSAGE, NOON)
