"""Who works off which lane of deliveries: one process at a time, by advisory locks. Reads no delivery."""

from collections.abc import Iterable, Sequence

import psycopg

from lead_pipeline.store.deliveries import Lane


class LaneLocks:
    """Lanes that this process works off, by advisory locks of one connection: they end with it, however it ends."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self._conn = conn

    def take(self, lanes: Iterable[Lane]) -> list[Lane]:
        """Those of the lanes that no other process has."""
        wanted = list(lanes)
        rows = self._conn.execute(
            "SELECT pg_try_advisory_lock(hashtextextended('outbound.deliveries/' || lane, 0)) "
            "FROM unnest(%s::text[]) WITH ORDINALITY AS l (lane, place) ORDER BY place",
            [[lane.name for lane in wanted]],
        ).fetchall()
        return [lane for lane, (is_ours,) in zip(wanted, rows, strict=True) if is_ours]

    def give_back(self, names: Sequence[str]) -> None:
        """Let others have lanes."""
        if names:
            self._conn.execute(
                "SELECT pg_advisory_unlock(hashtextextended('outbound.deliveries/' || lane, 0)) "
                "FROM unnest(%s::text[]) AS l (lane)",
                [list(names)],
            )
