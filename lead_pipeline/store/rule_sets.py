"""The rules in force. Each version of a rule set is read once: it never changes again.

How rules are saved is in `rules`.
"""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import Any

import pandas as pd
import psycopg
from psycopg.rows import tuple_row

from lead_pipeline.store.rules import rule_frame, rules_at

_MOST = 500  # rule sets that a process keeps
_known: OrderedDict[tuple[Any, ...], pd.DataFrame] = OrderedDict()
_lock = Lock()
# A number that was rolled back is given again, to other rules: the transaction that wrote it belongs to its name.
_LATEST = """
SELECT w.workspace_id::text, coalesce(v.version, 0), v.transaction_id::text, v.created_at,
    coalesce(v.transaction_id = pg_current_xact_id_if_assigned(), false)
FROM core.workspaces w
LEFT JOIN LATERAL (
    SELECT * FROM core.rule_set_versions s WHERE s.workspace_id = w.workspace_id ORDER BY s.version DESC LIMIT 1
) v ON true
WHERE %(ids)s::uuid[] IS NULL OR w.workspace_id = ANY(%(ids)s::uuid[])
"""


def current_rules(conn: psycopg.Connection, workspace_ids: Sequence[str] | None) -> tuple[pd.DataFrame, dict[str, int]]:
    """The rules in force, active or not, and each workspace's rule set version (0: it never had a rule).

    The rules are exactly those of the versions. None asks for every workspace.
    """
    ids = None if workspace_ids is None else list(workspace_ids)
    found = conn.cursor(row_factory=tuple_row).execute(_LATEST, {"ids": ids}).fetchall()
    frames = [
        _rules(conn, (owner, version, *made), is_own=is_own) for owner, version, *made, is_own in found if version
    ]
    versions = {row[0]: row[1] for row in found}
    if not frames:
        return rule_frame([]), versions
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True), versions


def _rules(conn: psycopg.Connection, name: tuple[Any, ...], *, is_own: bool) -> pd.DataFrame:
    """The rules of a version. One that this very transaction is still writing is not kept."""
    with _lock:
        if name in _known and not is_own:
            _known.move_to_end(name)
            return _known[name]
    rules = rules_at(conn, name[0], name[1])
    if not is_own:
        with _lock:
            _known[name] = rules
            if len(_known) > _MOST:
                _known.popitem(last=False)
    return rules
