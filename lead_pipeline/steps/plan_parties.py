"""Events of the CRM to enrichments that wait: claim a day's new events, compare contacts, write down. Asks nobody.

The effect does not hang on the order or the batches in which events arrive: one enrichment per lead and distinct
contact information, whoever comes first. What closes a lead asks for none; its realtor's managers are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import psycopg

from lead_pipeline.domain.crm import CrmEvent, contact_texts, read_event
from lead_pipeline.steps.notify_managers import notify_managers
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.crm_events import CrmDrop, Noted, lock_planning, note_events, unplanned_events
from lead_pipeline.store.digest_key import check_digest_key
from lead_pipeline.store.party_enrichments import Planned, plan
from lead_pipeline.store.sealed import Seal

VERDICTS = ("enrich", "unchanged", "no_action", "refused")
NO_WORKSPACE = "it belongs to no workspace: set WEBHOOK_WORKSPACE, or have the sender put workspace_id into the body"
_EVENTS_AT_ONCE = 500


@dataclass(frozen=True)
class _Taken:
    drop: CrmDrop
    event: CrmEvent


def plan_parties(url: str, seal: Seal, day: date, run: Run) -> dict[str, int]:
    """Take up every decided event of the CRM of a day. Returns how many events each of VERDICTS got.

    Raises SettingsError where the seal digests with another key than before.
    """
    counts = dict.fromkeys(VERDICTS, 0)
    with connect(url) as conn:
        with conn.transaction():
            check_digest_key(conn, seal)
        while True:
            with conn.transaction():
                lock_planning(conn)
                drops = unplanned_events(conn, day, _EVENTS_AT_ONCE)
                for noted in _plan(conn, seal, day, run, drops):
                    counts[noted.verdict] += 1
            if len(drops) < _EVENTS_AT_ONCE:
                return counts


def lead_digest(seal: Seal, workspace_id: str, crm_lead_id: str, text: str) -> bytes:
    """The key of a text about a lead: 32 bytes, others for each lead."""
    return seal.digest("\x1f".join(("lead", workspace_id, crm_lead_id, text)))


def id_of(digest: bytes) -> str:
    """A digest's UUID."""
    return str(UUID(bytes=digest[:16], version=5))


def _plan(conn: psycopg.Connection, seal: Seal, day: date, run: Run, drops: Sequence[CrmDrop]) -> list[Noted]:
    read = [_Taken(drop, read_event(drop.body)) for drop in drops]
    taken = sorted(read, key=lambda one: (one.event.updated_at or one.drop.received_at, one.drop.drop_id))
    asking = [one for one in taken if one.event.needs_chain and one.drop.workspace_id is not None]
    texts = contact_texts([one.event for one in asking])
    planned = [_planned(seal, one, text) for one, text in zip(asking, texts, strict=True)]
    fresh = plan(conn, planned, day, now=run.clock(), run_id=run.run_id)
    noted = [_idle(one) for one in taken if one not in asking]
    for one in planned:
        noted.append(Noted(one.drop_id, "enrich" if one.enrichment_id in fresh else "unchanged", one.enrichment_id))
        fresh.discard(one.enrichment_id)
    note_events(conn, noted, run.clock())
    idle = {one.drop_id for one in noted if one.verdict == "no_action"}
    notify_managers(conn, [drop for drop in drops if drop.drop_id in idle], run)
    return noted


def _planned(seal: Seal, one: _Taken, text: str) -> Planned:
    workspace, lead = one.drop.workspace_id, one.event.lead_id
    assert workspace is not None
    assert lead is not None
    key = lead_digest(seal, workspace, lead, text)
    return Planned(id_of(key), workspace, lead, key, one.drop.drop_id)


def _idle(one: _Taken) -> Noted:
    problem = one.event.problem or (NO_WORKSPACE if one.event.needs_chain else None)
    return Noted(one.drop.drop_id, "no_action" if problem is None else "refused", reason=problem)
