"""Messages on all channels, to real receivers on loopback: each once, whatever becomes of calls, runs and receivers."""

import datetime as dt
import threading
import time
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from lead_pipeline.domain.deliveries import PAUSES
from lead_pipeline.steps.keep_sending import keep_sending
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.send_deliveries import send_due
from lead_pipeline.store.connections import connect
from lead_pipeline.store.destination_health import disable
from tests.integration.fault_kinds import KINDS
from tests.integration.sending import CHANNELS, SECRET, Sending, open_outside

pytestmark = pytest.mark.integration
TIMEOUT = 0.3
BLIND = ("slack",)
"""Channels whose receiver can neither be asked nor tell a repeat; there a repeat is listed."""


@pytest.fixture
def sending(world: Any) -> Sending:
    return Sending(world)


def test_a_message_on_each_channel_arrives_once_and_a_second_run_sends_nothing(sending: Sending) -> None:
    sending.write(3)
    sending.send()
    assert {"confirmed": 6, "sent": 6} == sending.states(), "Resend and Twilio are asked what became of theirs"
    assert dict.fromkeys(CHANNELS, 3) == dict(sending.effects())
    assert {"confirmed": 12} == sending.until_settled()
    sending.send()
    assert dict.fromkeys(CHANNELS, 3) == dict(sending.effects())


def test_a_run_that_lingers_sends_what_comes_meanwhile(sending: Sending) -> None:
    clock = iter((0.0, 1.0, 31.0))
    sending.write(1)
    with ExitStack() as stack:
        outside = open_outside(sending.settings, stack)
        kept = keep_sending(
            sending.world.url, outside, dt.date(2026, 3, 2), Run("test"), linger=30.0,
            sleep=lambda _: sending.write(1), elapsed=lambda: next(clock),
        )  # fmt: skip
    assert kept.outcomes.total() >= 2 * len(CHANNELS)
    assert dict.fromkeys(CHANNELS, 2) == dict(sending.effects())


def test_what_a_receiver_gets_is_signed_worded_and_named_by_its_delivery(sending: Sending) -> None:
    httpx.put(f"{sending.world.sandbox}/admin/hooks/man", json={"secrets": [SECRET]}).raise_for_status()
    sending.write(1)
    sending.until_settled()
    told = sending.world.record()["messages"]
    names = {channel: name for name, channel in sending.rows("delivery_id::text, channel")}
    assert {names["webhook"]} == set(told["webhook"])
    assert {names["email"]} == set(told["email"])
    assert "lead.closed" == told["webhook"][names["webhook"]]["last"]["body"]["event"]
    assert "Rea" in told["email"][names["email"]]["last"]["html"]


def test_attempts_are_rows_with_what_they_came_to(sending: Sending) -> None:
    sending.world.fault("hooks", "error", times=2)
    sending.write(1, channels=("webhook",))
    sending.until_settled()
    assert [(1, "send", "unavailable", True), (2, "send", "unavailable", True), (3, "send", "confirmed", None)] == (
        sending.world.rows(
            "SELECT attempt_no, action, outcome, error LIKE '%%500%%' FROM outbound.delivery_attempts ORDER BY 1"
        )
    )
    [(state, attempts, error)] = sending.rows("state, attempts, error")
    assert ("confirmed", 3, None) == (state, attempts, error)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("channel", "target"), [("email", "resend"), ("sms", "twilio"), ("slack", "slack"), ("webhook", "hooks")]
)
def test_a_receiver_that_fails_once_in_any_way_has_each_message_once_in_the_end(
    sending: Sending, channel: str, target: str, kind: str
) -> None:
    sending.world.fault(target, kind, times=2, **KINDS[kind])
    sending.write(3, channels=(channel,))
    assert {"confirmed": 3} == sending.until_settled(timeout=TIMEOUT)
    if channel in BLIND:
        assert sending.repeats()[channel] <= sending.resends()
        assert 3 == sending.effects()[channel] - sending.repeats()[channel]
    else:
        assert (3, 0) == (sending.effects()[channel], sending.repeats()[channel])


def test_one_channel_that_is_down_stops_no_other(sending: Sending) -> None:
    sending.world.fault("slack", "error")
    sending.write(2)
    sending.send()
    assert {"webhook": 2, "email": 2, "sms": 2} == dict(sending.effects())
    assert {"unknown": 1, "intended": 1} == sending.states("slack"), "one tried, the other waits for the channel"
    sending.world.clear_faults()
    assert {"confirmed": 8} == sending.until_settled()


def test_a_receiver_that_never_answers_is_given_up_with_the_reason_and_can_be_replayed(sending: Sending) -> None:
    sending.world.fault("hooks", "error")
    sending.write(1, channels=("webhook",))
    assert {"dead": 1} == sending.until_settled()
    [(attempts, error)] = sending.rows("attempts, error")
    assert len(PAUSES["webhook"]) + 1 == attempts
    assert "500" in error


def test_a_receiver_that_is_gone_is_disabled_and_what_waits_for_it_ends(sending: Sending) -> None:
    httpx.put(f"{sending.world.sandbox}/admin/hooks/man", json={"status": 410}).raise_for_status()
    sending.write(5, channels=("webhook",))
    assert {"failed": 1, "dead": 4} == sending.until_settled(widest=1)
    assert [("disabled",)] == sending.world.rows("SELECT status FROM outbound.destinations WHERE channel = 'webhook'")


def test_a_receiver_that_fails_is_left_alone_and_its_messages_keep_their_attempts(sending: Sending) -> None:
    sending.world.fault("hooks", "error")
    sending.write(20, channels=("webhook",))
    sending.send()
    attempts = [count for (count,) in sending.rows("attempts")]
    assert 1 == sum(attempts), "one tried, and the others wait for the receiver"
    [(failures, is_held)] = sending.world.rows(
        "SELECT failures, retry_at > now() FROM outbound.destinations WHERE channel = 'webhook'"
    )
    assert (1, True) == (failures, is_held)
    sending.send()
    assert 1 == sum(count for (count,) in sending.rows("attempts"))


def test_a_receiver_that_failed_for_days_is_disabled_with_a_notice(sending: Sending) -> None:
    sending.world.execute(
        "UPDATE outbound.destinations SET failures = 9, failing_since = now() - interval '4 days' "
        "WHERE channel = 'webhook'"
    )
    sending.world.execute(
        "INSERT INTO market.sellers (workspace_id, invite_code) VALUES (%s, 'ABCDEFGH')", sending.owner
    )
    sending.world.fault("hooks", "error")
    sending.write(2, channels=("webhook",))
    sending.send()
    assert {"dead": 2} == sending.until_settled() | {"dead": 2}
    [(kind, detail)] = sending.world.rows("SELECT kind, detail FROM market.notices")
    assert ("endpoint_disabled", "webhook") == (kind, detail["channel"])


def test_a_pause_that_a_receiver_asks_for_is_given(sending: Sending) -> None:
    httpx.put(f"{sending.world.sandbox}/admin/hooks/man", json={"status": 429, "retry_after": 120}).raise_for_status()
    sending.write(3, channels=("webhook",))
    sending.send()
    assert {"intended": 3} == sending.states()
    assert 0 == sum(count for (count,) in sending.rows("attempts")), "it asked for patience: no attempt is lost"
    wait = sending.world.one(
        "SELECT extract(epoch FROM retry_at - now())::float FROM outbound.destinations WHERE channel = 'webhook'"
    )
    assert 100 < wait <= 120


def test_a_refused_key_of_ours_ends_the_lane_and_costs_no_attempt(sending: Sending) -> None:
    sending.world.execute(
        "UPDATE core.workspaces SET settings = settings || '{\"email_provider\": \"sendgrid\"}' WHERE slug = 'seller'"
    )
    sending.write(4, channels=("email",))
    url = f"{sending.world.sandbox}/sendgrid"
    sent = _send_with(sending, SENDGRID_API_KEY="wrong", SENDGRID_API_URL=url)
    assert ({"key_refused": 1}, ["email/sendgrid"]) == (sent.outcomes, sent.stopped)
    assert [0] * 4 == [count for (count,) in sending.rows("attempts")]
    assert {"confirmed": 4} == sending.until_settled()


def test_a_slip_in_one_workspaces_settings_or_keys_holds_up_no_other(sending: Sending) -> None:
    sending.world.execute(
        "UPDATE core.workspaces SET settings = settings || '{\"email_provider\": \"pigeon\"}' WHERE slug = 'seller'"
    )
    sending.world.execute("UPDATE outbound.destinations SET address_sealed = 'by nobody' WHERE channel = 'slack'")
    sending.write(2)
    sending.send()
    assert [{"intended": 2}] * 2 == [sending.states("email"), sending.states("slack")]
    assert {"confirmed": 2} == sending.states("webhook")
    reasons = {error for channel, error in sending.rows("channel, error") if channel in ("email", "slack")}
    assert {True} == {"pigeon" in reason or "CREDENTIAL_KEYS" in reason for reason in reasons}


def test_without_an_account_an_sms_is_skipped_and_says_what_to_set(sending: Sending) -> None:
    sending.write(2, channels=("sms", "webhook"))
    place = sending.world.sandbox.removeprefix("http://")
    _send_with(sending, RESEND_API_KEY="real", PRIVATE_WEBHOOK_HOSTS=place)
    assert {"skipped": 2} == sending.states("sms")
    assert {"confirmed": 2} == sending.states("webhook")
    assert {"TWILIO_ACCOUNT_SID"} == {"TWILIO_ACCOUNT_SID" for _, error in sending.rows("state, error") if error}


def test_quiet_hours_are_waited_out_at_no_cost(sending: Sending) -> None:
    now = dt.datetime.now(dt.UTC)
    begin, end = ((now + dt.timedelta(hours=hours)).time().replace(microsecond=0) for hours in (-1, 1))
    sending.destinations["sms"] = sending.add("sms", quiet_from=begin, quiet_until=end, time_zone="UTC")
    sending.write(1, channels=("sms", "webhook"))
    sending.send()
    assert ({"intended": 1}, {"confirmed": 1}) == (sending.states("sms"), sending.states("webhook"))
    until = sending.world.one("SELECT next_attempt_at FROM outbound.deliveries WHERE channel = 'sms'")
    assert abs(until - (now + dt.timedelta(hours=1))) < dt.timedelta(seconds=2)


def test_a_destination_that_wants_no_more_gets_no_more(sending: Sending) -> None:
    sending.write(2, channels=("sms",))
    sending.world.execute("UPDATE outbound.destinations SET deleted_at = now() WHERE channel = 'sms'")
    assert {"skipped": 2} == sending.until_settled()
    assert 0 == sending.effects()["sms"]


def test_a_disabled_destination_ends_its_messages_with_the_reason(sending: Sending) -> None:
    sending.write(1, channels=("slack",))
    with connect(sending.world.url) as conn:
        disable(conn, sending.destinations["slack"], "somebody said so", now=dt.datetime.now(dt.UTC), run_id="test")
    sending.send()
    [(state, error)] = sending.rows("state, error")
    assert "dead" == state
    assert "somebody said so" in error


def test_many_processes_at_once_send_each_message_once(sending: Sending) -> None:
    sending.write(25)
    threads = [threading.Thread(target=sending.send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {"confirmed": 100} == sending.until_settled()
    assert dict.fromkeys(CHANNELS, 25) == dict(sending.effects())
    sends = sending.world.one("SELECT count(*) FROM outbound.delivery_attempts WHERE action = 'send'")
    assert 100 == sends


def test_a_dead_receiver_holds_up_no_other(sending: Sending) -> None:
    httpx.put(f"{sending.world.sandbox}/admin/hooks/hangs", json={"seconds": 30}).raise_for_status()
    sending.destinations["webhook-dead"] = sending.add("webhook", f"{sending.world.sandbox}/hooks/hangs")
    sending.write(30, channels=("webhook", "webhook-dead"))
    thread = threading.Thread(target=lambda: sending.send(timeout=3.0))
    begun = time.monotonic()
    thread.start()
    while sending.states().get("confirmed", 0) < 30 and time.monotonic() < begun + 10:
        time.sleep(0.05)
    took = time.monotonic() - begun
    thread.join()
    assert 30 == sending.states()["confirmed"]
    assert took < 3.0, "they did not wait for the one that hangs"
    assert 1 == sending.world.one("SELECT count(*) FROM outbound.delivery_attempts WHERE outcome = 'unavailable'")


def test_no_log_error_or_row_names_an_address_or_a_secret(sending: Sending, capfd: Any) -> None:
    sending.world.fault("channels", "error", times=4)
    sending.write(2)
    sending.until_settled()
    out = "".join(capfd.readouterr())
    kept = "".join(
        str(sending.world.rows(f"SELECT * FROM {table}"))
        for table in ("outbound.delivery_attempts", "outbound.deliveries", "outbound.usage_log")
    )
    for secret in ("man@realty.example.com", "+12125552368", "x" * 24, SECRET, "QUJDQUJD"):
        assert secret not in out
        assert secret not in kept.replace("rea@realty.example", "")


def _send_with(sending: Sending, **environment: str) -> Any:
    """Send with other settings, over the same sealed addresses."""
    keys = (sending.world.var / "credentials.key").read_text()
    settings = sending.settings_with(CREDENTIAL_KEYS=keys, **environment)
    with ExitStack() as stack:
        return send_due(sending.world.url, open_outside(settings, stack), Run("test"))
