"""The transport against a real server on loopback that misbehaves on cue."""

import datetime as dt
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from lead_pipeline.errors import (
    CircuitOpen,
    ContractBroken,
    LeadPipelineError,
    OutcomeUnknown,
    RateLimited,
    SettingsError,
    VendorRefused,
    VendorUnavailable,
)
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Stats

NOON = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)


def answer(status: int, body: object = None, **headers: str) -> bytes:
    """A whole HTTP answer; a `body` of bytes is sent as it is."""
    content = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
    lines = [f"HTTP/1.1 {status} Word", "Connection: close", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


TRUNCATED = answer(200, {"ok": True})[:-4]
NOT_JSON = answer(200, b'{"ok": tru')
UNKNOWN = [answer(500), answer(503, Retry_After="1"), TRUNCATED, NOT_JSON, answer(200, b""), "hang", "reset"]
UNKNOWN_NAMES = ["500", "503 with a time", "truncated", "not JSON", "empty", "hang", "reset"]


def test_an_answer_is_handed_back_with_its_exact_bytes(scripted, transport_to):
    scripted.script = [answer(200, b'{"a":  1}')]

    response = transport_to(scripted.url).request("POST", "/ask", json={"q": "é"}, headers={"X-One": "1"})

    assert b'{"a":  1}' == response.content
    assert scripted.requests[0].startswith(b"POST /v1/ask HTTP/1.1")
    assert scripted.requests[0].endswith(b'{"q": "\\u00e9"}')
    assert b"x-one: 1" in scripted.requests[0].lower()


@pytest.mark.parametrize("fault", UNKNOWN, ids=UNKNOWN_NAMES)
def test_a_question_is_asked_again_after_a_fault(scripted, transport_to, fault):
    scripted.script = [fault, fault, answer(200, {"ok": True})]
    transport = transport_to(scripted.url)

    assert {"ok": True} == transport.request("POST", "/ask", json={}).json()
    assert (1, 2, 0) == (transport.stats.requests, transport.stats.retries, transport.stats.failures)


@pytest.mark.parametrize("fault", UNKNOWN, ids=UNKNOWN_NAMES)
def test_three_attempts_are_three_in_total(scripted, transport_to, pauses, fault):
    scripted.script = [fault] * 4

    with pytest.raises(VendorUnavailable, match="Sandbox /v1/ask"):
        transport_to(scripted.url).request("GET", "/ask")

    assert 3 == len(scripted.requests)
    assert 2 == len(pauses)


@pytest.mark.parametrize("fault", UNKNOWN, ids=UNKNOWN_NAMES)
def test_a_call_with_an_effect_is_never_repeated_when_its_outcome_is_unknown(scripted, transport_to, fault):
    scripted.script = [fault] * 3
    transport = transport_to(scripted.url)

    with pytest.raises(OutcomeUnknown, match="do not repeat it"):
        transport.request("POST", "/do", json={}, effect=True)

    assert 1 == len(scripted.requests)
    assert Stats(requests=1, failures=1) == transport.stats


def test_a_call_with_an_effect_is_repeated_after_a_429_because_nothing_was_done(scripted, transport_to):
    scripted.script = [answer(429), answer(200, {"ok": True})]

    assert {"ok": True} == transport_to(scripted.url).request("POST", "/do", json={}, effect=True).json()


@pytest.mark.parametrize("effect", [True, False])
def test_a_refused_connection_is_tried_again_even_for_an_effect(transport_to, pauses, effect):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with pytest.raises(VendorUnavailable, match="could not be reached"):
        transport_to(f"http://127.0.0.1:{port}").request("POST", "/do", json={}, effect=effect)

    assert 2 == len(pauses)


@pytest.mark.parametrize("error", [httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError])
def test_an_effect_is_tried_again_where_nothing_was_sent(transport_to, pauses, error):
    def handle(request: httpx.Request) -> httpx.Response:
        if not pauses:
            raise error("nothing was sent")
        return httpx.Response(200, json={})

    transport = transport_to("http://vendor.test", wire=httpx.MockTransport(handle))

    assert {} == transport.request("POST", "/do", json={}, effect=True).json()


def test_pauses_double_with_jitter_and_stop_at_the_longest(scripted, transport_to, pauses):
    scripted.script = [answer(500)] * 5
    patience = Patience(attempts=5, initial=1, jitter=0.25, longest=4)

    with pytest.raises(VendorUnavailable):
        transport_to(scripted.url, patience=patience).request("GET", "/ask")

    assert all(low <= took <= low + 0.25 for low, took in zip([1, 2, 4], pauses[:3], strict=True))
    assert 4 == pauses[3]


@pytest.mark.parametrize(
    ("header", "pause"),
    [("7", 7), ("0", 0), ("3600", 60), ("Mon, 05 Jan 2026 12:00:09 GMT", 9), ("soon", 0.5)],
)
def test_the_wait_that_a_vendor_names_is_kept_up_to_a_minute(scripted, transport_to, pauses, header, pause):
    scripted.script = [answer(429, Retry_After=header), answer(200, {})]
    transport = transport_to(scripted.url, clock=lambda: NOON)

    transport.request("GET", "/ask")

    assert [pause] == pauses
    assert 1 == transport.stats.rate_limited


def test_a_503_that_names_a_time_is_waited_for_too(scripted, transport_to, pauses):
    scripted.script = [answer(503, Retry_After="11"), answer(200, {})]

    transport_to(scripted.url).request("GET", "/ask")

    assert [11] == pauses


def test_patience_that_is_used_up_says_how_long_the_vendor_asked_for(scripted, transport_to):
    scripted.script = [answer(429, Retry_After="7")] * 3

    with pytest.raises(RateLimited) as caught:
        transport_to(scripted.url).request("GET", "/ask")

    assert 7 == caught.value.retry_after


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 422])
def test_a_refusal_is_not_asked_again(scripted, transport_to, status):
    scripted.script = [answer(status)]

    with pytest.raises(VendorRefused, match=f"Sandbox /v1/ask answered {status}") as caught:
        transport_to(scripted.url).request("GET", "/ask")

    assert status == caught.value.status


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_names_what_to_check(scripted, transport_to, status):
    scripted.script = [answer(status)]

    with pytest.raises(VendorRefused, match="check SANDBOX_API_KEY"):
        transport_to(scripted.url).request("GET", "/ask")


@pytest.mark.parametrize("step", [answer(400, {"e": "person@example.com"}), *UNKNOWN])
def test_no_message_holds_a_key_or_a_body(scripted, transport_to, step):
    scripted.script = [step] * 3
    headers = {"Authorization": "Bearer hidden-key"}

    with pytest.raises((VendorRefused, VendorUnavailable)) as caught:
        transport_to(scripted.url).request("POST", "/ask", json={"e": "person@example.com"}, headers=headers)

    told = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert "hidden-key" not in told
    assert "person@example.com" not in told


@pytest.mark.parametrize("key", ["hidden\n", "hidden key\r\nX: 1", "hiddén", ""])
def test_a_key_that_cannot_be_a_header_is_a_settings_error_that_hides_it(transport_to, key):
    with pytest.raises(SettingsError, match="Check its URL and SANDBOX_API_KEY") as caught:
        transport_to("http://127.0.0.1:9").request("GET", "/ask", headers={"Authorization": f"Bearer {key}"})

    assert "hidd" not in f"{caught.value!r} {caught.value.__context__!r}"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/ask", "127.0.0.1/ask", "http://127.0.0.1:port/ask"])
def test_a_url_that_cannot_be_asked_is_a_settings_error(transport_to, url):
    with pytest.raises(SettingsError):
        transport_to("").request("GET", url)


@pytest.mark.parametrize("body", [{"n": float("nan")}, {"n": object()}])
def test_a_body_that_json_cannot_hold_is_a_defect_and_is_not_sent(transport_to, body):
    with pytest.raises(ContractBroken, match="JSON cannot hold"):
        transport_to("http://127.0.0.1:9").request("POST", "/ask", json=body)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a": NaN}', b"\xff\xfe\xfa"])
def test_what_only_looks_like_json_is_not_accepted(scripted, transport_to, body):
    scripted.script = [answer(200, body)] * 3

    with pytest.raises(VendorUnavailable, match="not JSON"):
        transport_to(scripted.url).request("GET", "/ask")


def test_every_attempt_takes_a_token(scripted, transport_to):
    waits: list[float] = []
    bucket = TokenBucket(1, 1, clock=lambda: 0.0, sleep=waits.append)
    scripted.script = [answer(500), answer(500), answer(200, {})]

    transport_to(scripted.url, bucket=bucket).request("GET", "/ask")

    assert [1, 2] == waits


class Opening:
    """A circuit that opens at a check of its own choosing, and what it was told of."""

    def __init__(self, at: int) -> None:
        self.at, self.checks, self.told = at, 0, []

    def check(self) -> None:
        self.checks += 1
        if self.checks >= self.at:
            raise CircuitOpen("Sandbox is not asked", retry_after=30)

    def record(self, *, failed: bool, reason: str = "") -> None:
        self.told.append(failed)


def test_an_open_circuit_ends_a_call_at_once_without_a_pause(scripted, transport_to, pauses):
    with pytest.raises(CircuitOpen):
        transport_to(scripted.url, circuit=Opening(at=1)).request("GET", "/ask")

    assert ([], []) == (scripted.requests, pauses)


def test_a_circuit_that_opens_between_two_attempts_ends_the_call(scripted, transport_to):
    circuit = Opening(at=3)  # checked before and after the pace
    scripted.script = [answer(500)]

    with pytest.raises(CircuitOpen):
        transport_to(scripted.url, circuit=circuit).request("GET", "/ask")

    assert 1 == len(scripted.requests)
    assert [True] == circuit.told


@pytest.mark.parametrize(
    ("script", "effect", "outcomes"),
    [
        ([answer(500), answer(429), answer(200, {})], False, ["unavailable", "rate_limited", "ok"]),
        ([NOT_JSON, TRUNCATED, answer(404)], False, ["unavailable", "unavailable", "refused"]),
        (["hang"], True, ["unknown"]),
    ],
    ids=["waited out", "junk and a refusal", "effect"],
)
def test_each_attempt_is_told_of_with_its_outcome_and_seconds(scripted, transport_to, script, effect, outcomes):
    told: list[tuple[str, float]] = []
    circuit = Opening(at=100)
    scripted.script = list(script)
    transport = transport_to(scripted.url, circuit=circuit, observe=lambda *one: told.append(one))
    with suppress(LeadPipelineError):
        transport.request("POST", "/ask", json={}, effect=effect)

    assert outcomes == [outcome for outcome, _ in told]
    assert all(0 <= seconds < 1 for _, seconds in told)
    assert [outcome in {"unavailable", "unknown"} for outcome in outcomes] == circuit.told


def test_a_status_that_is_accepted_is_an_answer(scripted, transport_to):
    told: list[str] = []
    scripted.script = [answer(404, {"found": None})]
    transport = transport_to(scripted.url, observe=lambda outcome, _: told.append(outcome))

    response = transport.request("GET", "/ask", accepted=(404,))

    assert (404, {"found": None}) == (response.status_code, response.json())
    assert ["ok"] == told


def test_an_accepted_status_without_json_is_junk(scripted, transport_to):
    scripted.script = [answer(404, b"<html>")] * 3

    with pytest.raises(VendorUnavailable, match="not JSON"):
        transport_to(scripted.url).request("GET", "/ask", accepted=[404])


def test_counts_are_right_when_threads_share_a_transport(transport_to):
    wire = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    transport = transport_to("http://vendor.test", wire=wire)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: transport.request("GET", "/ask"), range(400)))

    assert Stats(requests=400) == transport.stats


def test_an_answer_that_need_not_be_json_is_handed_back_as_it_is(scripted, transport_to):
    scripted.script = [answer(200, b"ok")]

    response = transport_to(scripted.url).request("POST", "/hook", json={}, effect=True, answers_json=False)

    assert b"ok" == response.content


@pytest.mark.parametrize("step", [answer(500), answer(429), answer(401), answer(404), "reset"])
def test_a_secret_address_is_in_no_message(scripted, transport_to, caplog, step):
    scripted.script = [step] * 3

    with pytest.raises(LeadPipelineError) as refused:
        transport_to(scripted.url, is_address_secret=True).request("POST", "/T0123", json={})

    assert "T0123" not in f"{refused.value} {caplog.text}"
