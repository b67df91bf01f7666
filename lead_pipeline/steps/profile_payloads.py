"""What vendors sent on a day, counted into the profiles of their fields: each drop once, chunk by chunk."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg

from lead_pipeline.domain.drift import TRAILING_DAYS
from lead_pipeline.domain.field_profile import Profile, merged, profile_of
from lead_pipeline.domain.webhooks import parse_body
from lead_pipeline.store import field_profiles
from lead_pipeline.store.connections import connect
from lead_pipeline.store.field_profiles import Event, Waiting

_DROPS_AT_ONCE = 200
_BYTES_AT_ONCE = 8 << 20


@dataclass(frozen=True)
class Profiled:
    """Drops that were counted now, and those of them that hold no JSON object."""

    drops: int = 0
    unreadable: int = 0


def profile_payloads(url: str, day: date, progress: Callable[[Profiled], None] = lambda _: None) -> Profiled:
    """Count every drop of a day that is not counted yet. Two at once take turns; a killed one is gone on with."""
    done, last = Profiled(), 0
    before: dict[Event, Profile] = {}
    with connect(url) as conn:
        while True:
            with conn.transaction():
                waiting = field_profiles.claim_unprofiled(
                    conn, day, after=last, drops=_DROPS_AT_ONCE, size=_BYTES_AT_ONCE
                )
                unreadable = _count(conn, day, waiting, before)
            if not waiting:
                return done
            last = waiting[-1].drop_id
            done = Profiled(done.drops + len(waiting), done.unreadable + unreadable)
            progress(done)


def _count(conn: psycopg.Connection, day: date, waiting: list[Waiting], before: dict[Event, Profile]) -> int:
    """Add the drops to their events' profiles of the day. Returns how many hold no JSON object."""
    payloads: dict[Event, list[dict[str, Any]]] = {}
    unreadable = 0
    for drop in waiting:
        document = _parsed(drop.body)
        if isinstance(document, dict):
            payloads.setdefault(Event(drop.source, drop.event_type), []).append(document)
        else:
            unreadable += 1
    for event, documents in payloads.items():
        if event not in before:
            past = field_profiles.read_profiles(conn, event, day - timedelta(TRAILING_DAYS), day - timedelta(1))
            before[event] = merged(past.values())
        today = field_profiles.read_profiles(conn, event, day, day).get(day, Profile())
        today.add(profile_of(documents, merged([before[event], today]).fields))
        field_profiles.write_profile(conn, event, day, today)
    field_profiles.note_profiled(conn, [drop.drop_id for drop in waiting])
    return unreadable


def _parsed(body: bytes) -> Any:
    try:
        return parse_body(body)
    except ValueError:
        return None
