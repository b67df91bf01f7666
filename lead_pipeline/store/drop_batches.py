"""Many drops in one statement and one commit, over one asynchronous connection that is opened anew when it breaks.

What one drop at a time needs is in `drops`. Who waits for a batch is the service's business.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import psycopg

from lead_pipeline.errors import DatabaseUnavailable

CONNECT_SECONDS = 3.0
BATCH_SECONDS = 10.0
_UUID_LENGTH = 36
_INSERT = """
INSERT INTO raw.drops (source, kind, event_type, external_id, workspace_id, headers, body, body_sha256, day,
    received_at, stage, settled_at)
SELECT n.source, n.kind, n.event_type, n.external_id, coalesce(i.workspace_id, s.workspace_id), n.headers, n.body,
    encode(sha256(n.body), 'hex'), (n.received_at AT TIME ZONE 'UTC')::date, n.received_at, n.stage,
    CASE WHEN n.stage = 'kept' THEN n.received_at END
FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::uuid[], %b::text[]::jsonb[],
    %b::bytea[], %b::timestamptz[], %b::text[]) WITH ORDINALITY
    AS n (source, kind, event_type, external_id, workspace, workspace_id, headers, body, received_at, stage, place)
LEFT JOIN core.workspaces AS s ON s.slug = n.workspace
LEFT JOIN core.workspaces AS i ON i.workspace_id = n.workspace_id
ORDER BY n.place
ON CONFLICT (source, external_id) DO NOTHING
RETURNING source, external_id, drop_id, workspace_id IS NOT NULL
"""
_KNOWN = """
SELECT d.source, d.external_id, d.drop_id, d.workspace_id IS NOT NULL
FROM unnest(%b::text[], %b::text[]) AS n (source, external_id) JOIN raw.drops AS d USING (source, external_id)
"""


@dataclass(frozen=True, slots=True)
class Landing:
    """What is written before anybody is told that it arrived.

    `workspace` is a slug or an id, looked up while it is written; `headers` is a JSON object as text.
    """

    source: str
    kind: str
    external_id: str
    body: bytes
    received_at: datetime
    workspace: str | None = None
    headers: str = "{}"
    event_type: str | None = None
    stage: str = "landed"


class Landed(NamedTuple):
    """Where it is. `is_new` is False where the drop was there already; `has_workspace`, whether its name is known."""

    drop_id: int
    is_new: bool
    has_workspace: bool


Key = tuple[str, str]


class DropWriter:
    """Writes batches, one at a time. Not started: the first batch opens the connection."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._conn: psycopg.AsyncConnection | None = None

    async def write(self, batch: Sequence[Landing]) -> Mapping[Key, Landed]:
        """Land a batch of distinct (source, external_id). It is committed when this returns.

        Raises DatabaseUnavailable where that is not known, and what Postgres says of a value that it cannot hold.
        """
        fresh = self._conn is None or self._conn.closed
        try:
            return await self._write(batch)
        except (psycopg.DataError, psycopg.IntegrityError):
            raise
        except (psycopg.Error, TimeoutError) as error:
            self._drop_connection()
            if fresh or isinstance(error, TimeoutError):
                raise DatabaseUnavailable("Postgres does not answer. Send the same request again.") from error
        return await self.write(batch)  # the server may have restarted since the last batch; what landed is known

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._conn is not None:
            await self._conn.close()
            self._conn = None

    async def _write(self, batch: Sequence[Landing]) -> Mapping[Key, Landed]:
        conn = await self._connection()
        # A server that hangs answers no cancellation either: the socket is closed first, then the wait for it is ended.
        hang_up = asyncio.get_running_loop().call_later(BATCH_SECONDS, conn.pgconn.finish)
        try:
            async with asyncio.timeout(BATCH_SECONDS + 0.1):
                done = await (await conn.execute(_INSERT, _columns(batch), prepare=True)).fetchall()
                landed = {(row[0], row[1]): Landed(row[2], True, row[3]) for row in done}
                missing = [key for one in batch if (key := (one.source, one.external_id)) not in landed]
                if missing:
                    known = await conn.execute(_KNOWN, [list(values) for values in zip(*missing, strict=True)])
                    landed |= {(row[0], row[1]): Landed(row[2], False, row[3]) for row in await known.fetchall()}
                return landed
        finally:
            hang_up.cancel()

    async def _connection(self) -> psycopg.AsyncConnection:
        if self._conn is None or self._conn.closed:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._conn = await psycopg.AsyncConnection.connect(
                    self._url,
                    autocommit=True,
                    application_name="lead_pipeline intake",
                    options=f"-c timezone=UTC -c lock_timeout={BATCH_SECONDS * 800:.0f}",
                )
        return self._conn

    def _drop_connection(self) -> None:
        if self._conn is not None:
            self._conn.pgconn.finish()
            self._conn = None


def _columns(batch: Sequence[Landing]) -> list[list[object]]:
    return [
        [one.source for one in batch],
        [one.kind for one in batch],
        [one.event_type for one in batch],
        [one.external_id for one in batch],
        [one.workspace for one in batch],
        [_uuid(one.workspace) for one in batch],
        [one.headers for one in batch],
        [one.body for one in batch],
        [one.received_at for one in batch],
        [one.stage for one in batch],
    ]


def _uuid(name: str | None) -> UUID | None:
    """The id that a workspace's name is, None where it is a slug."""
    if name is None or len(name) != _UUID_LENGTH:
        return None
    try:
        return UUID(name)
    except ValueError:
        return None
