"""Closing events of the CRM to messages for realtors' managers: written down in the transaction that takes them up.

A closing is told once, however often and late the CRM sends it, and only to those who managed the realtor when it
arrived: taking old events up again tells nobody anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from lead_pipeline.domain.crm_closing import Closing, is_news, read_closing
from lead_pipeline.steps.run import Run
from lead_pipeline.store import closings as store
from lead_pipeline.store.closings import NotedClosing
from lead_pipeline.store.crm_events import CrmDrop
from lead_pipeline.store.intents import Intent, intend
from lead_pipeline.store.managers import KIND, Found, Wanted, find_managers


@dataclass(frozen=True)
class _Closed:
    drop_id: int
    workspace_id: str
    received_at: datetime
    closing: Closing

    @property
    def lead(self) -> tuple[str, str]:
        return self.workspace_id, self.closing.lead_id

    @property
    def moment(self) -> datetime:
        return self.closing.closed_at or self.received_at


def notify_managers(conn: psycopg.Connection, drops: Sequence[CrmDrop], run: Run) -> list[NotedClosing]:
    """Write down what is told of these events, and what became of each that closes a lead, in the caller's transaction.

    The caller lets nobody else plan meanwhile. Events without a workspace or a lead are nobody's, and left out.
    """
    known = store.noted_closings(conn, [drop.drop_id for drop in drops]) if drops else set()
    closed = [one for drop in drops if drop.drop_id not in known and (one := _closed(drop)) is not None]
    if not closed:
        return []
    closed.sort(key=lambda one: (one.moment, one.drop_id))
    told, managers = _last_told(conn, closed), _managers(conn, closed)
    noted: list[NotedClosing] = []
    intents: list[Intent] = []
    for one in closed:
        messages = whom_to_tell(managers.get(one.drop_id, []))
        outcome = outcome_of(one.closing, told.get(one.lead), messages)
        if outcome == "notified":
            told[one.lead] = one.moment
            intents += [_intent(one, message) for message in messages]
        noted.append(_noted(one, outcome, messages if outcome == "notified" else []))
    intend(conn, intents, now=run.clock(), run_id=run.run_id)
    store.note_closings(conn, noted, now=run.clock(), run_id=run.run_id)
    return noted


def whom_to_tell(found: Sequence[Found]) -> list[Found]:
    """Of the managers found for one event, by rank, those who are told, on each channel: nobody under two keys.

    A name that two realtors share names neither.
    """
    of_name = {one.realtor for one in found if one.is_name}
    first: dict[str, str] = {}
    told: dict[str, Found] = {}
    for one in found:
        if one.destination_id is None or (one.is_name and len(of_name) > 1):
            continue
        if first.setdefault(one.manager_name.casefold(), one.manager_id) == one.manager_id:
            told.setdefault(one.destination_id, one)
    return list(told.values())


def outcome_of(closing: Closing, told: datetime | None, messages: Sequence[Found]) -> str:
    """What becomes of a closing whose lead was last told of as closed at `told`, and that these would be told of."""
    if closing.realtor is None:
        return "no_realtor"
    if not is_news(closing, told):
        return "repeated"
    return "notified" if messages else "no_manager"


def _closed(drop: CrmDrop) -> _Closed | None:
    closing = read_closing(drop.body)
    if closing is None or drop.workspace_id is None:
        return None
    return _Closed(drop.drop_id, drop.workspace_id, drop.received_at, closing)


def _last_told(conn: psycopg.Connection, closed: Sequence[_Closed]) -> dict[tuple[str, str], datetime]:
    """The moment of the last closing of each lead that somebody was told of."""
    told: dict[tuple[str, str], datetime] = {}
    for drop in store.told_closings(conn, [one.lead for one in closed]):
        closing = read_closing(drop.body)
        moment = (closing.closed_at if closing else None) or drop.received_at
        lead = drop.workspace_id, drop.crm_lead_id
        told[lead] = max(moment, told.get(lead, moment))
    return told


def _managers(conn: psycopg.Connection, closed: Sequence[_Closed]) -> dict[int, list[Found]]:
    wanted = [
        Wanted(one.drop_id, one.workspace_id, one.received_at, rank, key, is_name)
        for one in closed
        for rank, (key, is_name) in enumerate(one.closing.lookups)
    ]
    managers: dict[int, list[Found]] = {}
    for found in find_managers(conn, wanted):
        managers.setdefault(found.drop_id, []).append(found)
    return managers


def _noted(one: _Closed, outcome: str, messages: Sequence[Found]) -> NotedClosing:
    return NotedClosing(
        one.drop_id,
        *one.lead,
        one.closing.realtor,
        outcome,
        managers=len({message.manager_id for message in messages}),
        deliveries=len(messages),
    )


def _intent(one: _Closed, manager: Found) -> Intent:
    assert manager.destination_id is not None
    assert manager.channel is not None
    closing = one.closing
    return Intent(
        KIND,
        closing.subject,
        one.workspace_id,
        manager.destination_id,
        manager.channel,
        context={
            "crm_lead_id": closing.lead_id,
            "realtor": closing.realtor,
            "realtor_name": manager.realtor_name,
            "manager_name": manager.manager_name,
            "closed_at": None if closing.closed_at is None else closing.closed_at.isoformat(),
            "customer": closing.customer,
            "source": closing.source,
        },
    )
