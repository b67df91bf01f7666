"""The sandbox's webhooks: signed so that what verifies them takes them, and sent to where the service listens."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from lead_pipeline.domain.signatures import verify_body_time, verify_webhook
from lead_pipeline.errors import SettingsError, VendorUnavailable
from lead_pipeline.sandbox import webhook_sender
from lead_pipeline.sandbox.scenarios.requests import request_of
from lead_pipeline.sandbox.scenarios.scenario import Message
from lead_pipeline.sandbox.webhook_sender import Intake, WebhookSender, signed_headers
from lead_pipeline.service import webhooks

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = "s3cret-" * 8
SOURCES = tuple(webhook_sender.PATHS)
INTAKE = Intake("http://intake.example/", dict.fromkeys(SOURCES, SECRET))


def judged(source, request, *, secret=SECRET, now=NOW):
    """What the intake says of a request: the reason of its refusal, or None."""
    refused = verify_webhook(source, request.body, request.headers, [secret], now=now.timestamp())
    if refused is None and source == "audience-labs":
        refused = verify_body_time(json.loads(request.body).get("timestamp"), now=now.timestamp())
    return refused and refused.reason


def message(source, **more):
    return Message(at=0, source=source, event={"event_id": "e1", "hook_action": "x"}, about="e1", **more)


def test_events_are_sent_to_where_the_service_listens():
    assert webhooks.PATHS == dict(webhook_sender.PATHS)


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_signed_verifies_and_with_another_secret_does_not(source):
    body = b'{"a":  1}\n'
    headers = signed_headers(source, body, SECRET, NOW)
    assert "application/json" == headers["content-type"]
    assert verify_webhook(source, body, headers, [SECRET], now=NOW.timestamp()) is None
    assert "wrong_signature" == verify_webhook(source, body, headers, ["x" * 64], now=NOW.timestamp()).reason


@pytest.mark.parametrize("age", [-302, -298, 0, 298, 302])
@pytest.mark.parametrize("source", ["datashopper", "clay", "audience-labs"])
def test_a_message_claims_to_be_as_old_as_it_says(source, age):
    reason = judged(source, request_of(message(source, age=age), SECRET, NOW))
    assert (None if abs(age) < 300 else "outside_window") == reason


@pytest.mark.parametrize(
    ("flaw", "reasons"),
    [
        ("wrong secret", {"wrong_signature"}),
        ("no signature", {"missing_signature"}),
        ("sample signature", {"malformed_signature"}),
        ("changed after signing", {"wrong_signature", None}),
        ("no time", {"missing_timestamp", None}),
    ],
)
def test_each_flaw_is_what_its_name_says(flaw, reasons):
    found = {source: judged(source, request_of(message(source, flaw=flaw), SECRET, NOW)) for source in SOURCES}
    assert reasons == set(found.values())
    # Contact2Sale sends its secret itself: neither the bytes nor a time are part of it.
    assert {"c2s"} >= {source for source, reason in found.items() if reason is None}


def test_a_workspace_is_put_into_the_body_and_bytes_are_sent_as_they_are():
    signed = request_of(message("clay"), SECRET, NOW, workspace="acme")
    assert "acme" == json.loads(signed.body)["workspace_id"]
    raw = Message(at=0, source="clay", event=b"junk", about="junk")
    assert b"junk" == request_of(raw, SECRET, NOW, workspace="acme").body


def test_the_sender_posts_the_signed_bytes_and_says_the_status():
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(202)

    sender = WebhookSender(INTAKE, httpx.Client(transport=httpx.MockTransport(answer)))
    assert 202 == sender.post("clay", b"{}", headers={"x-more": "1"}, now=NOW - timedelta(seconds=1))
    [request] = seen
    assert ("http://intake.example/api/webhooks/clay", b"{}", "1") == (
        str(request.url), request.content, request.headers["x-more"],
    )  # fmt: skip
    assert verify_webhook("clay", b"{}", request.headers, [SECRET], now=NOW.timestamp()) is None


def test_what_cannot_be_sent_says_what_to_do_and_names_no_secret():
    def nobody(request):
        raise httpx.ConnectError("refused")

    sender = WebhookSender(INTAKE, httpx.Client(transport=httpx.MockTransport(nobody)))
    with pytest.raises(VendorUnavailable, match="lead-pipeline up"):
        sender.post("clay", b"{}")
    with pytest.raises(SettingsError, match="sends no webhooks"):
        sender.post("diretrix", b"{}")
    with pytest.raises(SettingsError, match="shared with c2s"):
        WebhookSender(Intake("http://intake.example", {})).post("c2s", b"{}")
    assert SECRET not in repr(INTAKE)
