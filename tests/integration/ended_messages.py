"""Webhooks and messages to them by SQL, as the engine leaves them behind. No test is here."""

import datetime as dt
from uuid import uuid4

from tests.integration.market import insert

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
ENDED = ("confirmed", "failed", "dead", "skipped")


def endpoint(market, person, **columns):
    """A webhook of somebody's team."""
    with market.connect() as conn:
        return insert(
            conn, "outbound.destinations", "destination_id", workspace_id=person.workspace_id,
            buyer_id=person.buyer_id, channel="webhook", address_sealed=b"x", secret_sealed=b"x", kinds=["new_lead"],
            shown="hooks.example.com", **columns,
        )  # fmt: skip


def message(market, person, destination, state="dead", *, minutes=0, **columns):
    """A message to it, written down so many minutes ago."""
    at = NOW - dt.timedelta(minutes=minutes)
    how = {"settled_at": at} if state in ENDED else {"next_attempt_at": at}
    if state in ("failed", "dead", "skipped"):
        how["error"] = "it answered 500"
    row = {
        "channel": "webhook", "kind": "new_lead", "subject": "lead/1", "attempts": 3, "day": at.date(), "run_id": "t",
        "payload": '{"type": "new_lead"}', "intended_at": at, "delivery_id": uuid4(), **how, **columns,
    }  # fmt: skip
    with market.connect() as conn:
        return insert(
            conn, "outbound.deliveries", "delivery_id", workspace_id=person.workspace_id, buyer_id=person.buyer_id,
            destination_id=destination, state=state, **row,
        )  # fmt: skip


def attempt(market, delivery, number, **columns):
    """A call about a message, which failed unless its columns say otherwise."""
    with market.connect() as conn:
        insert(
            conn, "outbound.delivery_attempts", "attempt_no", delivery_id=delivery, attempt_no=number, run_id="t",
            attempted_at=NOW, **{"action": "send", "outcome": "unavailable", **columns},
        )  # fmt: skip
