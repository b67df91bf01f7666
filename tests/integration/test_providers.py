"""Every channel against the sandbox over HTTP: each message once, whatever is played, and what the sandbox refuses."""

import base64
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook as StandardWebhook

from lead_pipeline.channels.message import Channel, Message, Receipt
from lead_pipeline.channels.opening import Channels
from lead_pipeline.domain.deliveries import Repeats
from lead_pipeline.errors import (
    EndpointGone,
    LeadPipelineError,
    OutcomeUnknown,
    RateLimited,
    VendorRefused,
    VendorUnavailable,
)
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.settings import SANDBOX_TWILIO, Settings, load_settings
from lead_pipeline.vendors.accounts import accounts
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport
from tests.integration.fault_kinds import KINDS

pytestmark = pytest.mark.integration

SECRETS = tuple(f"whsec_{base64.b64encode(os.urandom(32)).decode()}" for _ in range(2))
MAIL = {"sender": "Acme <notifications@acme.example>", "subject": "New lead", "text": "text", "html": "<p>text</p>"}
PROVIDERS = ("resend", "sendgrid", "twilio", "slack", "webhook")
KIND_OF = {"resend": "email", "sendgrid": "email", "twilio": "sms", "slack": "slack", "webhook": "webhook"}
TARGET_OF = {name: name for name in PROVIDERS} | {"webhook": "hooks"}
SETTLED = 0.3
NUMBER, SLACK = "+14155550123", "services/T0001/B0001/XXXX"


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(running: SandboxServer) -> SandboxServer:
    httpx.post(f"{running.url}/admin/reset").raise_for_status()
    return running


@pytest.fixture
def fault(sandbox: SandboxServer) -> Callable[..., None]:
    def plan(target: str, **spec: Any) -> None:
        httpx.post(f"{sandbox.url}/admin/faults", json={"target": target, **spec}).raise_for_status()

    return plan


@pytest.fixture
def channels(sandbox: SandboxServer) -> Iterator[Channels]:
    with opened(load_settings({"SANDBOX_URL": sandbox.url, "DELIVERY_TIMEOUT_SECONDS": "0.3"})) as made:
        yield made


def opened(settings: Settings) -> Channels:
    def wire(name: str, guard: httpx.BaseTransport | None) -> Transport:
        account = accounts(settings)[name]
        return Transport(
            account.label,
            credential=account.credential,
            bucket=TokenBucket(1e6, 1000),
            timeouts=Timeouts(read=0.3),
            patience=Patience(attempts=1),
            wire=guard,
            is_address_secret=name == "slack",
        )

    return Channels(settings, wire)


def message(provider: str, sandbox: SandboxServer, number: int = 1, **more: Any) -> Message:
    key = f"00000000-0000-4000-8000-{number:012}"
    address, content = {
        "resend": ("jane@example.com", MAIL),
        "sendgrid": ("jane@example.com", MAIL),
        "twilio": (NUMBER, {"text": f"Acme: lead {number}"}),
        "slack": (f"{sandbox.url}/slack/{SLACK}", {"text": "New lead"}),
        "webhook": (f"{sandbox.url}/hooks/buyer", {"body": '{"event":"lead.assigned"}'}),
    }[provider]
    return Message(key, address, content, SECRETS, **more)


def told(provider: str, sandbox: SandboxServer, number: int = 1) -> dict[str, Any]:
    """What the sandbox's record says of a message."""
    key = {"twilio": NUMBER, "slack": SLACK}.get(provider, message(provider, sandbox, number).key)
    record = httpx.get(f"{sandbox.url}/admin/record").json()["messages"]
    nothing = {"effects": 0, "requests": 0, "repeats": 0}
    return record.get(KIND_OF[provider], {}).get(key, nothing)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_message_goes_out_once_and_the_record_has_it(provider, channels, sandbox):
    receipt = channels.of(provider).send(message(provider, sandbox), now())

    assert (provider not in ("resend", "twilio")) is receipt.is_final
    found = told(provider, sandbox)
    assert (1, 1, 0) == (found["effects"], found["requests"], found["repeats"])


@pytest.mark.parametrize("provider", ["resend", "twilio"])
def test_what_became_of_a_message_is_asked_for_until_it_has_arrived(provider, channels, sandbox):
    channel = channels.of(provider)
    sent = channel.send(message(provider, sandbox), now())
    receipts = [channel.ask(message(provider, sandbox, provider_id=sent.provider_id)) for _ in range(2)]

    assert [False, True] == [receipt.is_final for receipt in receipts]
    assert {sent.provider_id} == {receipt.provider_id for receipt in receipts}


def deliver(channel: Channel, one: Message, tries: int = 3) -> tuple[Receipt | None, list[LeadPipelineError]]:
    """Send as the engine does: again where nothing happened or the key is known, after asking where that can be."""
    errors: list[LeadPipelineError] = []
    for _ in range(tries):
        begun = now()
        try:
            return channel.send(one, begun), errors
        except (VendorUnavailable, OutcomeUnknown) as error:
            errors.append(error)
            if isinstance(error, OutcomeUnknown) and channel.repeats is Repeats.ASKED:
                found = asked(channel, Message(one.key, one.address, one.content, one.secrets, begun))
                if found is not None:
                    return found, errors
    return None, errors


def asked(channel: Channel, one: Message) -> Receipt | None:
    """Ask once what is under way has settled, and until somebody answers."""
    time.sleep(SETTLED)
    while True:
        with suppress(VendorUnavailable):
            return channel.ask(one)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("provider", ["resend", "twilio", "webhook"])
def test_whatever_goes_wrong_twice_a_message_whose_key_is_known_goes_out_once(provider, kind, channels, sandbox, fault):
    fault(TARGET_OF[provider], kind=kind, times=2, **KINDS[kind])

    receipt, errors = deliver(channels.of(provider), message(provider, sandbox))
    assert receipt is not None
    assert len(errors) <= 2
    assert 1 == told(provider, sandbox)["effects"]
    limited = [isinstance(error, RateLimited) for error in errors]
    assert not errors or all(limited) is (kind == "rate_limit")


@pytest.mark.parametrize(
    ("kind", "error", "effects"),
    [
        ("error", OutcomeUnknown, 0),
        ("reset", OutcomeUnknown, 0),
        ("lost_answer", OutcomeUnknown, 1),
        ("nonsense", OutcomeUnknown, 1),
        ("latency", OutcomeUnknown, 1),
        ("rate_limit", RateLimited, 0),
    ],
)
@pytest.mark.parametrize("provider", ["sendgrid", "slack"])
def test_where_nobody_knows_a_key_an_outcome_is_unknown_whenever_it_may_have_had_one(
    provider, kind, error, effects, channels, sandbox, fault
):
    fault(TARGET_OF[provider], kind=kind, times=1, **KINDS[kind])
    with pytest.raises(error):
        channels.of(provider).send(message(provider, sandbox), now())
    if kind == "latency":  # the work is done after the caller has left
        wait_for(lambda: told(provider, sandbox)["effects"] == 1)
    assert effects == told(provider, sandbox)["effects"]


def wait_for(is_so: Callable[[], bool]) -> None:
    end = now() + timedelta(seconds=5)
    while not is_so() and now() < end:
        pass


def test_an_sms_that_was_sent_and_one_that_was_not_are_told_apart(channels, sandbox, fault):
    twilio = channels.of("twilio")
    twilio.send(message("twilio", sandbox, 1), now())
    fault("twilio", kind="lost_answer", times=1)
    for number, is_there in ((2, True), (3, False)):
        begun = now()
        if is_there:
            with pytest.raises(OutcomeUnknown):
                twilio.send(message("twilio", sandbox, number), begun)
        found = twilio.ask(message("twilio", sandbox, number, attempted_at=begun))
        assert is_there is (found is not None)
    assert 2 == told("twilio", sandbox)["effects"]


def test_resend_knows_a_key_and_refuses_another_content_under_it(channels, sandbox):
    resend = channels.of("resend")
    receipts = [resend.send(message("resend", sandbox), now()) for _ in range(3)]
    assert 1 == len({receipt.provider_id for receipt in receipts})
    assert {"effects": 1, "requests": 3}.items() <= told("resend", sandbox).items()

    other = Message(message("resend", sandbox).key, "jane@example.com", {**MAIL, "text": "other"})
    with pytest.raises(VendorRefused, match="409, invalid_idempotent_request"):
        resend.send(other, now())
    assert 1 == told("resend", sandbox)["effects"]


def test_resend_is_still_at_a_request_that_takes_long(channels, sandbox):
    slow = Message("k-slow", "delivered+slow@resend.dev", MAIL)
    for words in ("broke off", "still at the first request"):
        with pytest.raises(OutcomeUnknown, match=words):
            channels.of("resend").send(slow, now())
    wait_for(lambda: told_key(sandbox, "k-slow")["effects"] == 1)
    assert channels.of("resend").send(slow, now()).provider_id


def told_key(sandbox: SandboxServer, key: str) -> dict[str, Any]:
    return httpx.get(f"{sandbox.url}/admin/record").json()["messages"]["email"][key]


@pytest.mark.parametrize("fate", ["bounced", "complained", "suppressed"])
def test_resends_addresses_for_tests_meet_their_fate(fate, channels):
    channel = channels.of("resend")
    sent = channel.send(Message("k-1", f"{fate}+label@resend.dev", MAIL), now())
    taken = Message("k-1", "", MAIL, provider_id=sent.provider_id)

    assert [None, fate] == [channel.ask(taken).failure for _ in range(2)]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+15005550001", 21211),
        ("+15005550002", 21612),
        ("+15005550003", 21408),
        ("+15005550004", 21610),
        ("+15005550009", 21614),
        ("12", 21211),
    ],
)
def test_twilios_numbers_for_tests_answer_as_documented(number, code, channels):
    with pytest.raises(VendorRefused, match=f"error {code}"):
        channels.of("twilio").send(Message("k-1", number, {"text": "text"}), now())


@pytest.mark.parametrize(("token", "word"), [("revoked", "no_service"), ("archived", "channel_is_archived")])
def test_slack_webhooks_that_are_no_more_are_gone(token, word, channels, sandbox):
    gone = Message("k-1", f"{sandbox.url}/slack/services/T1/B1/{token}", {"text": "text"})
    with pytest.raises(EndpointGone, match=word):
        channels.of("slack").send(gone, now())


def test_a_receiver_verifies_knows_a_repeat_and_behaves_as_told(channels, sandbox):
    def tell(**manner: Any) -> None:
        httpx.put(f"{sandbox.url}/admin/hooks/buyer", json=manner).raise_for_status()

    webhook, one = channels.of("webhook"), message("webhook", sandbox)
    tell(secrets=[SECRETS[1]])  # it has not taken the newer one over yet
    for _ in range(2):
        webhook.send(one, now())
    assert {"effects": 1, "requests": 2}.items() <= told("webhook", sandbox).items()
    tell(secrets=[f"whsec_{base64.b64encode(b'another secret of somebody').decode()}"])
    with pytest.raises(VendorUnavailable, match="401"):
        webhook.send(message("webhook", sandbox, 2), now())
    tell(status=410)
    with pytest.raises(EndpointGone):
        webhook.send(message("webhook", sandbox, 3), now())
    tell(status=503, retry_after=7)
    with pytest.raises(RateLimited) as patience:
        webhook.send(message("webhook", sandbox, 3), now())
    assert 7 == patience.value.retry_after
    assert [0, 0] == [told("webhook", sandbox, number)["effects"] for number in (2, 3)]
    tell(seconds=1)
    with pytest.raises(VendorUnavailable):
        webhook.send(message("webhook", sandbox, 4), now())
    assert 1 == told("webhook", sandbox, 4)["effects"], "an answer that nobody waited for"


def test_standard_webhooks_own_library_is_what_a_receiver_would_use(sandbox):
    assert StandardWebhook(SECRETS[0]).sign("k", now(), "{}").startswith("v1,")


KEYS = {
    "/resend/emails": [
        (None, 401, {"statusCode", "message", "name"}),
        ("Bearer no", 403, {"statusCode", "message", "name"}),
    ],
    "/sendgrid/v3/mail/send": [(None, 401, {"errors"}), ("Bearer no", 401, {"errors"})],
    f"/twilio/2010-04-01/Accounts/{SANDBOX_TWILIO}/Messages.json": [
        (None, 401, {"code", "message", "more_info", "status"}),
        ("Basic bm86bm8=", 401, {"code", "message", "more_info", "status"}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("path", KEYS)
def test_every_provider_refuses_a_missing_or_wrong_key_in_its_own_words(path, sandbox):
    for given, status, names in KEYS[path]:
        headers = {} if given is None else {"Authorization": given}
        answer = httpx.post(sandbox.url + path, headers=headers, json={})
        assert (status, names) == (answer.status_code, set(answer.json()))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_is_asked_of_every_channel_at_once_fails_on_each_of_them(provider, channels, sandbox, fault):
    fault("channels", kind="rate_limit", retry_after=3, times=1)
    with pytest.raises(RateLimited) as limited:
        channels.of(provider).send(message(provider, sandbox), now())
    assert 3 == limited.value.retry_after


def test_resends_limit_of_requests_a_second_is_kept_where_it_is_asked_for():
    with SandboxServer(resend_per_second=2) as strict, opened(load_settings({"SANDBOX_URL": strict.url})) as channels:
        resend = channels.of("resend")
        for number in (1, 2):
            resend.send(message("resend", strict, number), now())
        with pytest.raises(RateLimited) as limited:
            resend.send(message("resend", strict, 3), now())
        assert 1 == limited.value.retry_after


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/resend/emails", b"{", 422),
        ("/resend/emails", b'{"from": "a@b.example", "to": "c@d.example"}', 422),
        ("/resend/emails", b'{"from": "a@b.example", "to": ["nobody"], "subject": "s", "text": "t"}', 422),
        ("/sendgrid/v3/mail/send", b"{", 400),
        ("/sendgrid/v3/mail/send", b'{"personalizations": []}', 400),
        ("/sendgrid/v3/mail/send", b'{"personalizations": [{"to": [{"email": "a@b.example"}]}]}', 400),
        ("/slack/services/T1/B1/X", b"{", 400),
        ("/slack/services/T1/B1/X", b'{"text": " "}', 400),
        ("/slack/services/T1/B1/X", b'{"text": "t", "blocks": "b"}', 400),
        ("/slack/services/x/B1/X", b'{"text": "t"}', 404),
    ],
)  # fmt: skip
def test_a_malformed_request_is_refused_and_leaves_no_effect(path, body, status, sandbox):
    answer = httpx.post(sandbox.url + path, content=body, headers={"Authorization": "Bearer sandbox"})
    assert status == answer.status_code
    assert {} == httpx.get(f"{sandbox.url}/admin/record").json()["messages"]
