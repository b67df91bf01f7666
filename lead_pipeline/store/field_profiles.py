"""`raw.field_profiles` and the drops that it has counted: claiming, reading and adding up. Reads no payload itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from lead_pipeline.domain.field_profile import FieldProfile, Profile

_COUNTS = ("payloads", "present", "nulls")
_KEYED = {"types": str, "numbers": int, "lengths": int, "shapes": str}
_WATCHED = """
    (d.kind IN ('webhook', 'vendor_page') OR (d.kind = 'vendor_answer' AND d.source = 'clay'))
    AND d.body IS NOT NULL AND NOT d.headers ? 'sealed'
"""


class Event(NamedTuple):
    """What a profile is of. `event_type` is the drop's kind where the drop names no event."""

    source: str
    event_type: str


@dataclass(frozen=True)
class Waiting:
    """A drop that no profile has counted yet."""

    drop_id: int
    source: str
    event_type: str
    body: bytes


def claim_unprofiled(conn: psycopg.Connection, day: date, *, after: int, drops: int, size: int) -> list[Waiting]:
    """The next drops of a day, `after` an id, that no profile has counted: so many at most, and so many bytes.

    One transaction at a time may do so: who comes second waits until the first has ended.
    """
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('raw.field_profiles', 0))")
    with conn.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(
            f"""
            WITH waiting AS (
                SELECT d.drop_id, octet_length(d.body) AS size FROM raw.drops d
                WHERE d.day = %(day)s AND d.drop_id > %(after)s AND {_WATCHED}
                    AND NOT EXISTS (SELECT 1 FROM raw.profiled_drops p WHERE p.drop_id = d.drop_id)
                ORDER BY d.drop_id LIMIT %(drops)s
            ), next AS (
                SELECT drop_id, sum(size) OVER (ORDER BY drop_id) - size AS before FROM waiting
            )
            SELECT d.drop_id, d.source, coalesce(d.event_type, d.kind) AS event_type, d.body
            FROM next JOIN raw.drops d USING (drop_id) WHERE next.before < %(size)s ORDER BY d.drop_id
            """,  # noqa: S608 - the condition is a constant
            {"day": day, "after": after, "drops": drops, "size": size},
        ).fetchall()


def note_profiled(conn: psycopg.Connection, drop_ids: Sequence[int]) -> None:
    """These drops are counted, in the transaction that writes the profile."""
    conn.execute("INSERT INTO raw.profiled_drops SELECT unnest(%s::bigint[])", [list(drop_ids)])


def events_of(conn: psycopg.Connection, day: date) -> list[Event]:
    """Every event that has a profile of a day."""
    rows = conn.execute(
        "SELECT source, event_type FROM raw.field_profiles WHERE day = %s AND field = '$' ORDER BY 1, 2", [day]
    )
    return [Event(*row) for row in rows]


def read_profiles(conn: psycopg.Connection, event: Event, first: date, last: date) -> dict[date, Profile]:
    """The profiles of an event by day, both ends included; a day without payloads has none."""
    rows = conn.execute(
        """
        SELECT day, field, payloads, present, nulls, types, numbers, lengths, shapes, buckets, top_values
        FROM raw.field_profiles WHERE source = %s AND event_type = %s AND day BETWEEN %s AND %s ORDER BY day, field
        """,
        [*event, first, last],
    )
    profiles: dict[date, Profile] = {}
    for day, path, *columns in rows:
        found = _field(columns)
        profile = profiles.setdefault(day, Profile())
        profile.fields[path] = found
        if path == "$":
            profile.payloads = found.payloads
    return profiles


def write_profile(conn: psycopg.Connection, event: Event, day: date, profile: Profile) -> None:
    """Put the whole profile of a day in the place of what was there, which it holds."""
    rows = [_row(path, found, profile.chances(path)) for path, found in profile.fields.items()]
    conn.execute(
        """
        INSERT INTO raw.field_profiles AS f (source, event_type, day, field, payloads, entries, present, nulls, types,
            numbers, lengths, shapes, buckets, top_values, different_texts)
        SELECT %s, %s, %s, n.* FROM jsonb_to_recordset(%s) AS n (field text, payloads bigint, entries bigint,
            present bigint, nulls bigint, types jsonb, numbers jsonb, lengths jsonb, shapes jsonb, buckets jsonb,
            top_values jsonb, different_texts int)
        ON CONFLICT (source, event_type, day, field) DO UPDATE SET payloads = excluded.payloads,
            entries = excluded.entries, present = excluded.present, nulls = excluded.nulls, types = excluded.types,
            numbers = excluded.numbers, lengths = excluded.lengths, shapes = excluded.shapes,
            buckets = excluded.buckets, top_values = excluded.top_values, different_texts = excluded.different_texts
        """,
        [*event, day, Jsonb(rows)],
    )


def _row(path: str, found: FieldProfile, entries: int) -> dict[str, Any]:
    return {
        "field": path,
        "entries": entries,
        **{name: getattr(found, name) for name in _COUNTS},
        **{name: dict(getattr(found, name)) for name in _KEYED},
        "buckets": None if found.buckets is None else dict(found.buckets),
        "top_values": dict(found.values),
        "different_texts": found.different,
    }


def _field(columns: Sequence[Any]) -> FieldProfile:
    payloads, present, nulls, types, numbers, lengths, shapes, buckets, values = columns
    counted = {
        name: _counter(given, key)
        for (name, key), given in zip(_KEYED.items(), (types, numbers, lengths, shapes), strict=True)
    }
    return FieldProfile(
        payloads=payloads,
        present=present,
        nulls=nulls,
        **counted,
        buckets=None if buckets is None else _counter(buckets, int),
        values=Counter(values),
    )


def _counter(given: Mapping[str, int], key: type) -> Counter[Any]:
    return Counter({key(name): count for name, count in given.items()})
