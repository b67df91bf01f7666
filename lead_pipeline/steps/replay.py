"""Core tables rebuilt from the raw drops in a schema of their own, and compared with those in use.

Asks nobody: what a vendor said is in its drop. One transaction, so that a running pipeline cannot move under the
comparison and a killed replay leaves nothing. Nothing in `core` is changed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import pandas as pd
import psycopg
from psycopg import IsolationLevel

from lead_pipeline.domain.routing import route_leads
from lead_pipeline.errors import NotFound, PermanentError
from lead_pipeline.steps.decide import score
from lead_pipeline.steps.replay_rows import rebuild, with_body
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.validate_rows import ValidatedRows
from lead_pipeline.store import replay as store
from lead_pipeline.store.comparison import Compared, Difference, compare
from lead_pipeline.store.connections import connect
from lead_pipeline.store.decisions import ASSIGNMENT_COLUMNS
from lead_pipeline.store.replay import Chosen, Recorded
from lead_pipeline.store.rules import rule_set_version, rules_at

NAMED = 20
Progress = Callable[[int, int], None]
_RUN = Run("replay")
_NONE = -1
_ROUTED = ("landed", "routed")  # what is left of a landed file is not read; what was is routed


@dataclass
class Replayed:
    """What a replay found. `changed`: drops whose bytes are not those that arrived; `unreadable`: whose are gone;
    `incomplete`: answers that decided, and need one that is not kept.

    `archived_*`: what retention has removed and is compared without: leads, refused rows, bodies.
    """

    drops: int = 0
    rows: int = 0
    tables: list[Compared] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    incomplete: list[int] = field(default_factory=list)
    archived_leads: int = 0
    archived_rows: int = 0
    archived_bodies: int = 0

    @property
    def is_identical(self) -> bool:
        gaps = self.changed or self.unreadable or self.incomplete
        return not gaps and all(table.is_identical for table in self.tables)


def replay(
    url: str, blobs: str, chosen: Chosen, *, keep: bool = False, progress: Progress = lambda done, of: None
) -> Replayed:
    """Rebuild what the chosen drops brought and compare. `keep`: leave the schema `replay` there to be looked at.

    `progress` hears of rows rebuilt and rows recorded. Raises InProgress while another replay is under way.
    """
    found = Replayed()
    with connect(url) as conn:
        conn.isolation_level = IsolationLevel.REPEATABLE_READ
        with conn.transaction(force_rollback=not keep):
            found.drops, recorded = store.begin(conn, chosen)
            found.archived_bodies = store.archived_bodies(conn)
            rebuilding = _Rebuilding(conn, blobs, found)
            after = 0
            while drops := store.next_drops(conn, after):
                after = drops[-1].drop_id
                for rows in rebuilding.of(drops):
                    found.rows += len(rows.leads) + len(rows.quarantined)
                    progress(found.rows, recorded)
            store.tell_apart(conn)
            found.archived_leads, found.archived_rows = store.forget_archived(conn)
            found.tables, found.differences = compare(conn, named=NAMED)
    return found


class _Rebuilding:
    """Rebuilds drops into the schema, chunk by chunk, and notes those whose bytes changed or are gone."""

    def __init__(self, conn: psycopg.Connection, blobs: str, found: Replayed) -> None:
        self._conn, self._blobs, self._found = conn, blobs, found
        self._rules = cache(lambda workspace, version: rules_at(conn, workspace, version))

    def of(self, drops: Sequence[Recorded]) -> Iterator[ValidatedRows]:
        """The rows of these drops, each frame once it is written."""
        sound, changed = self._read(drops)
        stages = {drop.drop_id: drop.stage for drop in drops}
        for rows in rebuild(self._blobs, sound):
            yield self._keep(rows, stages)
        for drop in changed:
            try:
                for rows in rebuild(self._blobs, [drop]):
                    yield self._keep(rows, stages)
            except (PermanentError, ValueError, KeyError, TypeError):
                continue  # it is named as changed; its rows are missing

    def _read(self, drops: Sequence[Recorded]) -> tuple[list[Recorded], list[Recorded]]:
        sound: list[Recorded] = []
        changed: list[Recorded] = []
        for drop in drops:
            try:
                read, is_as_received = with_body(self._blobs, drop)
            except NotFound:
                self._found.unreadable.append(drop.drop_id)
                store.leave_out(self._conn, drop.drop_id)
                continue
            (sound if is_as_received else changed).append(read)
        self._found.changed += [drop.drop_id for drop in changed]
        return sound, changed

    def _keep(self, rows: ValidatedRows, stages: Mapping[int, str]) -> ValidatedRows:
        store.keep_rows(self._conn, "quarantined_rows", rows.quarantined)
        if not rows.leads.empty:
            store.keep_rows(self._conn, "leads", rows.leads)
            stage = rows.leads["drop_id"].map(stages)
            store.keep_rows(self._conn, "intent_scores", score(rows.leads[stage != "validated"], _RUN))
            store.keep_rows(self._conn, "lead_assignments", self._assign(rows.leads[stage.isin(_ROUTED)]))
        return rows

    def _assign(self, leads: pd.DataFrame) -> pd.DataFrame:
        """By the rules that each recorded assignment names; by those in force where a recorded lead has none."""
        versions = store.deciding_versions(self._conn, leads["lead_id"].tolist())
        recorded = leads[leads["lead_id"].isin(versions.index)]
        parts = [pd.DataFrame(columns=list(ASSIGNMENT_COLUMNS))]
        deciding = recorded["lead_id"].map(versions)
        for (workspace, named), some in recorded.groupby(["workspace_id", deciding]):
            version = int(str(named)) if named != _NONE else rule_set_version(self._conn, str(workspace))
            parts.append(
                route_leads(some, self._rules(str(workspace), version)).assign(
                    lead_id=some["lead_id"],
                    destination_kind="workspace",
                    rule_set_version=version,
                    run_id=_RUN.run_id,
                    decided_at=_RUN.clock().isoformat(),
                )[list(ASSIGNMENT_COLUMNS)]
            )
        return pd.concat(parts[1:] or parts)
