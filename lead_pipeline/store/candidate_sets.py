"""`market.candidate_sets` and `core.assignment_candidates`: who was considered for a lead, kept in bytes.

A set is written once, when the first lead is decided among it; a row of candidates names it. What the bytes mean is
`domain.candidates`' business.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct

import pandas as pd
import psycopg

from lead_pipeline.domain.candidates import Campaign, set_document
from lead_pipeline.store.bulk import array_literal, fetch_frame

CANDIDATE_COLUMNS = ("lead_id", "round", "set_id", "outcome", "decided", "flags", "observed")
_HEAD, _TAIL = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_SHORT, _LENGTH, _LONG = Struct(">ih"), Struct(">i"), Struct(">iq")
_COPY = (
    "COPY core.assignment_candidates (lead_id, round, set_id, decided, flags, observed, outcome, local_time, run_id, "
    "decided_at) FROM STDIN (FORMAT binary)"
)
_FIELDS = b"\x00\x0a" + _LENGTH.pack(16)


@dataclass(frozen=True)
class Moment:
    """When and by which run leads were decided together; `local` is the seller's time of day."""

    now: datetime
    local: datetime
    run_id: str


@dataclass(frozen=True)
class _Document:
    """A campaign as it is kept, and what it is known by."""

    rules: str
    members: str
    sha256: bytes


def set_ids(conn: psycopg.Connection, campaigns: Iterable[Campaign]) -> dict[str, int]:
    """The id of the set that each campaign is now, by campaign id; one that nobody was decided among yet is written."""
    documents = {campaign: _document(campaign) for campaign in campaigns}
    known = _known_sets(conn, [document.sha256 for document in documents.values()])
    new = [
        (campaign.campaign_id, campaign.version, document.sha256, document.rules, document.members)
        for campaign, document in documents.items()
        if document.sha256 not in known
    ]
    if new:
        conn.execute(
            """
            INSERT INTO market.candidate_sets (campaign_id, campaign_version, sha256, rules, members)
            SELECT * FROM unnest(%s::uuid[], %s::int[], %s::bytea[], %s::jsonb[], %s::jsonb[]) ON CONFLICT DO NOTHING
            """,
            [list(column) for column in zip(*new, strict=True)],
        )
        known |= _known_sets(conn, [row[2] for row in new])
    return {campaign.campaign_id: known[document.sha256] for campaign, document in documents.items()}


@lru_cache(maxsize=1024)
def _document(campaign: Campaign) -> _Document:
    rules, members = (json.dumps(part, sort_keys=True, separators=(",", ":")) for part in set_document(campaign))
    return _Document(rules, members, hashlib.sha256(f"{rules} {members}".encode()).digest())


def _known_sets(conn: psycopg.Connection, digests: Sequence[bytes]) -> dict[bytes, int]:
    rows = conn.execute("SELECT sha256, set_id FROM market.candidate_sets WHERE sha256 = ANY(%s)", [list(digests)])
    return {bytes(digest): set_id for digest, set_id in rows}


def insert_candidates(conn: psycopg.Connection, rows: pd.DataFrame, moment: Moment) -> None:
    """Insert rows of CANDIDATE_COLUMNS, all decided at one moment. As Postgres' binary COPY: bytes need no quoting."""
    if rows.empty:
        return
    octets = bytes.fromhex("".join(rows["lead_id"].tolist()).replace("-", ""))
    ends = {outcome: _same_in_all(outcome, moment) for outcome in rows["outcome"].unique()}
    ids = (octets[at : at + 16] for at in range(0, len(octets), 16))
    values = (rows[name].tolist() for name in CANDIDATE_COLUMNS[1:])
    lines = [
        b"".join(
            (
                _FIELDS, lead_id, _SHORT.pack(2, number), _LONG.pack(8, set_id), _LONG.pack(8, decided),
                _LENGTH.pack(len(flags)), flags, _LENGTH.pack(len(observed)), observed, ends[outcome],
            )
        )
        for lead_id, number, set_id, outcome, decided, flags, observed in zip(ids, *values, strict=True)
    ]  # fmt: skip
    with conn.cursor().copy(_COPY) as copy:
        copy.write(b"".join((_HEAD, *lines, _TAIL)))


def _same_in_all(outcome: str, moment: Moment) -> bytes:
    """The last fields of every row with that outcome."""
    local, now = moment.local.replace(tzinfo=UTC) - _EPOCH, moment.now - _EPOCH
    return b"".join((_text(outcome), _LONG.pack(8, _micros(local)), _text(moment.run_id), _LONG.pack(8, _micros(now))))


def _text(value: str) -> bytes:
    octets = value.encode()
    return _LENGTH.pack(len(octets)) + octets


def _micros(since: timedelta) -> int:
    return since // timedelta(microseconds=1)


def latest_rounds(conn: psycopg.Connection, lead_ids: Sequence[str]) -> pd.DataFrame:
    """The last round of each of these leads that had one: lead_id, round, set_id, outcome, flags."""
    return fetch_frame(
        conn,
        """
        SELECT DISTINCT ON (lead_id) lead_id::text, round, set_id, outcome, flags FROM core.assignment_candidates
        WHERE lead_id = ANY(%s::uuid[]) ORDER BY lead_id, round DESC
        """,
        [array_literal(lead_ids)],
    )
