"""Contact2Sale's wire: hooks, leads, and messages that are never sent twice on a guess."""

import json

import httpx
import pytest

from lead_pipeline.errors import OutcomeUnknown, PermanentError, RateLimited, VendorRefused, VendorUnavailable
from lead_pipeline.vendors.contact2sale import Contact2Sale, CrmLead, CrmMessage

DONE = {"success": True, "message": "Subscribed successfully"}
MESSAGE = {"message": "CPF found", "external_id": "ref-1", "created_at": "2026-01-05T10:00:00Z"}


class Crm:
    """A wire that plays answers, one a call, and keeps what was asked."""

    def __init__(self, transport_to, *answers, **more):
        self.seen: list[httpx.Request] = []
        self._answers = list(answers)
        transport = transport_to("", wire=httpx.MockTransport(self._handle), **more)
        self.client = Contact2Sale(transport, "http://crm.test/v1/", "token")

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body, *headers = answer
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(status, content=content, headers=dict(*headers))


def lead_with(*messages, lead_id: object = "77"):
    return {"id": lead_id, "attributes": {"customer": {"name": "Ana"}, "messages": list(messages)}}


def test_a_subscription_names_hook_actions_and_headers(transport_to):
    crm = Crm(transport_to, (200, DONE))
    said = crm.client.subscribe("https://hooks.example/c2s", ("on_create_lead",), {"X-Webhook-Token": "secret"})

    assert "Subscribed successfully" == said
    assert "http://crm.test/v1/subscribe" == str(crm.seen[0].url)
    assert "Bearer token" == crm.seen[0].headers["Authorization"]
    assert {
        "hook_url": "https://hooks.example/c2s",
        "hook_action": ["on_create_lead"],
        "headers": {"X-Webhook-Token": "secret"},
    } == json.loads(crm.seen[0].content)


def test_an_action_is_unsubscribed_by_its_name_with_the_same_header_as_all_calls(transport_to):
    crm = Crm(transport_to, (200, {"success": True, "message": None}))

    assert "" == crm.client.unsubscribe("on_close_lead")
    assert "http://crm.test/v1/unsubscribe" == str(crm.seen[0].url)
    assert {"hook_action": "on_close_lead"} == json.loads(crm.seen[0].content)
    assert "Bearer token" == crm.seen[0].headers["Authorization"]
    assert "Authentication" not in crm.seen[0].headers


def test_an_answer_without_success_is_a_refusal_that_does_not_repeat_the_secret(transport_to):
    crm = Crm(transport_to, (200, {"success": False, "message": "no secret"}))

    with pytest.raises(VendorRefused, match="without success") as caught:
        crm.client.subscribe("https://hooks.example", ["on_create_lead"], {"X-Webhook-Token": "secret"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("answer", [[], {}, {"success": "true"}, {"success": 1}, {"success": True, "message": 5}])
def test_a_subscription_that_was_not_agreed_is_not_accepted(transport_to, answer):
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed"):
        Crm(transport_to, (200, answer)).client.unsubscribe("on_close_lead")


def test_a_lead_has_its_messages_in_order(transport_to):
    body = lead_with(MESSAGE, {"message": "By hand"}, {"message": "x", "external_id": 5}, lead_id=77)
    crm = Crm(transport_to, (200, body))

    assert CrmLead(
        "77",
        json.dumps(body).encode(),
        (CrmMessage("CPF found", "ref-1"), CrmMessage("By hand", None), CrmMessage("x", "5")),
    ) == crm.client.lead("77")
    assert "http://crm.test/v1/leads/77" == str(crm.seen[0].url)


def test_a_leads_id_stays_one_part_of_the_path(transport_to):
    crm = Crm(transport_to, (200, lead_with(lead_id="a/../b ?")))

    crm.client.lead("a/../b ?")
    assert b"/v1/leads/a%2F..%2Fb%20%3F" == crm.seen[0].url.raw_path


@pytest.mark.parametrize("lead_id", ["", " ", ".", "..", "a\x00", "\ud800"])
def test_what_can_be_no_id_is_not_asked_for(transport_to, lead_id):
    crm = Crm(transport_to)

    with pytest.raises(PermanentError, match="no id"):
        crm.client.lead(lead_id)
    with pytest.raises(PermanentError, match="no id"):
        crm.client.send_message(lead_id, "text", "ref")
    assert [] == crm.seen


@pytest.mark.parametrize(
    "answer",
    [
        [], {}, {"id": "77"}, {"id": "77", "attributes": {}}, {"id": "77", "attributes": {"messages": None}},
        lead_with(lead_id="78"), lead_with(lead_id=None), lead_with("text"), lead_with({"message": None}),
        lead_with({"message": "x", "external_id": []}),
    ],
)  # fmt: skip
def test_a_lead_that_cannot_tell_what_was_sent_is_not_accepted_and_not_quoted(transport_to, answer):
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed") as caught:
        Crm(transport_to, (200, answer)).client.lead("77")

    assert "Ana" not in str(caught.value)


def test_a_message_carries_its_reference(transport_to):
    crm = Crm(transport_to, (201, {"id": "m-1"}))
    crm.client.send_message("77", "CPF found", "ref-1")

    assert ("POST", "http://crm.test/v1/leads/77/messages") == (crm.seen[0].method, str(crm.seen[0].url))
    assert {"message": "CPF found", "external_id": "ref-1"} == json.loads(crm.seen[0].content)


@pytest.mark.parametrize(
    "answer",
    [(500, {}), httpx.ReadTimeout(""), httpx.ReadError(""), (201, b"<html>"), (201, []), (201, {}), (200, {"id": ""})],
)
def test_a_message_that_may_have_been_sent_is_not_sent_again(transport_to, answer):
    crm = Crm(transport_to, answer)

    with pytest.raises(OutcomeUnknown) as caught:
        crm.client.send_message("77", "Ana's CPF", "ref-1")
    assert 1 == len(crm.seen)
    assert "Ana" not in str(caught.value)


def test_a_message_that_came_too_early_is_sent_again_after_the_time_that_was_named(transport_to, pauses):
    crm = Crm(transport_to, (429, {}, {"Retry-After": "6"}), (201, {"id": "m-1"}))
    crm.client.send_message("77", "text", "ref-1")

    assert 2 == len(crm.seen)
    assert [6] == pauses


def test_patience_with_the_limit_ends(transport_to):
    crm = Crm(transport_to, *[(429, {}, {"Retry-After": "6"})] * 3)

    with pytest.raises(RateLimited) as caught:
        crm.client.lead("77")
    assert 6 == caught.value.retry_after


def test_a_message_without_a_reference_is_not_sent(transport_to):
    with pytest.raises(PermanentError, match="could not be found again"):
        Crm(transport_to).client.send_message("77", "text", " ")


def test_no_repr_holds_a_customer_or_a_text(transport_to):
    lead = Crm(transport_to, (200, lead_with(MESSAGE))).client.lead("77")

    assert not [private for private in ("Ana", "CPF found") if private in repr(lead)]
    assert "ref-1" in repr(lead)
