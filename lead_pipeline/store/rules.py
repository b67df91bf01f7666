"""Routing rules in Postgres: those of one version of a rule set, and saving a set of them.

Which version is in force is asked in `rule_sets`. Does not hold how history is kept: the triggers of
`core.lead_routing_rules` do that for whoever writes, plain SQL included. Does not check what a rule says
(`contracts.rules`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pandas as pd
import psycopg
from psycopg.rows import tuple_row
from psycopg.types.json import Jsonb

from lead_pipeline.domain.routing import RULE_COLUMNS

_COLUMNS = """
    r.rule_id::text, r.version, r.workspace_id::text, r.rule_name, r.priority, r.conditions,
    r.destination_workspace_id::text, r.actions, r.is_active
"""
_TYPES = {
    "rule_id": "str",
    "version": "int64",
    "workspace_id": "str",
    "rule_name": "str",
    "priority": "int64",
    "conditions": "object",
    "destination_workspace_id": "str",
    "actions": "object",
    "is_active": "bool",
}


class RuleRow(TypedDict):
    """One rule to save, its destination already a workspace id."""

    rule_name: str
    priority: int
    conditions: dict[str, Any]
    destination_workspace_id: str
    actions: dict[str, Any]
    is_active: bool


@dataclass(frozen=True, slots=True)
class RuleChanges:
    """How many rules a save touched. `unchanged` ones keep their version."""

    added: int
    changed: int
    unchanged: int
    removed: int


def rules_at(conn: psycopg.Connection, workspace_id: str, version: int) -> pd.DataFrame:
    """The rules, `RULE_COLUMNS`, that a workspace had at one version of its rule set."""
    found = conn.cursor(row_factory=tuple_row).execute(
        f"""
        SELECT {_COLUMNS} FROM core.lead_routing_rules r
        WHERE r.workspace_id = %(workspace)s AND r.set_from <= %(version)s
          AND (r.set_to IS NULL OR %(version)s < r.set_to)
        """,  # noqa: S608 - the columns are a constant
        {"workspace": workspace_id, "version": version},
    )
    return rule_frame(found.fetchall())


def rule_set_version(conn: psycopg.Connection, workspace_id: str) -> int:
    """The version of a workspace's rule set, 0 where it never had a rule."""
    row = (
        conn.cursor(row_factory=tuple_row)
        .execute(
            "SELECT coalesce(max(version), 0) FROM core.rule_set_versions WHERE workspace_id = %s",
            [workspace_id],
        )
        .fetchone()
    )
    assert row is not None
    return int(row[0])


def workspace_ids_by_slug(conn: psycopg.Connection) -> dict[str, str]:
    """Every workspace's id by its slug."""
    found = conn.cursor(row_factory=tuple_row).execute(
        "SELECT slug, workspace_id::text FROM core.workspaces ORDER BY slug"
    )
    return dict(found.fetchall())


def save_rules(
    conn: psycopg.Connection, workspace_id: str, rules: Sequence[RuleRow], *, replace: bool = False
) -> RuleChanges:
    """Make the workspace's rules of these names say this, in the caller's transaction.

    Rules of other names stay, unless `replace`. The workspace's rules are locked first: two saves that met
    row by row could wait for each other. An upsert by ON CONFLICT would fire the trigger for every rule.
    """
    wanted = {"workspace": workspace_id, "rules": Jsonb(list(rules))}
    with conn.transaction():
        conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::uuid::text, 1))", [workspace_id])
        removed = conn.execute(_REMOVE, wanted).rowcount if replace else 0
        changed = conn.execute(_CHANGE, wanted).rowcount
        added = conn.execute(_ADD, wanted).rowcount
    return RuleChanges(added=added, changed=changed, unchanged=len(rules) - changed - added, removed=removed)


_WANTED = """
    jsonb_to_recordset(%(rules)s) AS w (
        rule_name text, priority int, conditions jsonb, destination_workspace_id uuid, actions jsonb,
        is_active boolean
    )
"""
_REMOVE = f"""
DELETE FROM core.lead_routing_rules r
WHERE r.workspace_id = %(workspace)s AND r.valid_to IS NULL
  AND NOT EXISTS (SELECT 1 FROM {_WANTED} WHERE w.rule_name = r.rule_name)
"""  # noqa: S608 - made of constants
_CHANGE = f"""
UPDATE core.lead_routing_rules r
SET priority = w.priority, conditions = w.conditions, destination_workspace_id = w.destination_workspace_id,
    actions = w.actions, is_active = w.is_active
FROM {_WANTED}
WHERE r.workspace_id = %(workspace)s AND r.valid_to IS NULL AND r.rule_name = w.rule_name
  AND (r.priority, r.conditions, r.destination_workspace_id, r.actions, r.is_active)
      IS DISTINCT FROM (w.priority, w.conditions, w.destination_workspace_id, w.actions, w.is_active)
"""  # noqa: S608 - made of constants
_ADD = f"""
INSERT INTO core.lead_routing_rules
    (workspace_id, rule_name, priority, conditions, destination_workspace_id, actions, is_active)
SELECT
    %(workspace)s, w.rule_name, w.priority, w.conditions, w.destination_workspace_id, w.actions, w.is_active
FROM {_WANTED}
WHERE NOT EXISTS (
    SELECT 1 FROM core.lead_routing_rules r
    WHERE r.workspace_id = %(workspace)s AND r.valid_to IS NULL AND r.rule_name = w.rule_name
)
"""  # noqa: S608 - made of constants


def rule_frame(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows of RULE_COLUMNS as a frame."""
    return pd.DataFrame(rows, columns=list(RULE_COLUMNS)).astype(_TYPES)
