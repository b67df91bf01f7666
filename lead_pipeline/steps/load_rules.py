"""Load a rules file into a workspace: parse it, find the workspaces it names, save it in one transaction.

Does not hold what a file may say (`contracts.rules`) nor how rules keep their history (`store.rules`).
"""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import psycopg

from lead_pipeline.contracts.rules import MAX_BYTES, Rule, RuleFile, parse_rules, warnings_for
from lead_pipeline.errors import RulesRefused
from lead_pipeline.store.rules import (
    RuleChanges,
    RuleRow,
    rule_set_version,
    save_rules,
    workspace_ids_by_slug,
)

_FORMATS: dict[str, Literal["yaml", "json"]] = {".yaml": "yaml", ".yml": "yaml", ".json": "json"}
_SLUGS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """What a load did. `warnings` name values that can never match; the rules are in force all the same."""

    workspace_id: str
    rule_set_version: int
    changes: RuleChanges
    warnings: list[str]


def load_rules(conn: psycopg.Connection, path: Path, *, workspace: str | None, replace: bool = False) -> LoadedRules:
    """Save a rules file's rules in `workspace` (slug or id), or in the workspace that the file names.

    With `replace`, rules of the workspace that the file does not name are removed. Raises RulesRefused with
    every problem of the file; then none of it is loaded.
    """
    return put_in_force(conn, _read(path), workspace=workspace, replace=replace)


def put_in_force(
    conn: psycopg.Connection, rule_file: RuleFile, *, workspace: str | None = None, replace: bool = False
) -> LoadedRules:
    """Save rules that are parsed already, as `load_rules` does, in one transaction."""
    with conn.transaction():
        known = workspace_ids_by_slug(conn)
        workspace_id = _owner(workspace, rule_file, known)
        rows = _rows(rule_file.rules, known)
        changes = save_rules(conn, workspace_id, rows, replace=replace)
        version = rule_set_version(conn, workspace_id)
    return LoadedRules(workspace_id, version, changes, warnings_for(rule_file))


def _read(path: Path) -> RuleFile:
    file_format = _FORMATS.get(path.suffix.lower())
    if file_format is None:
        raise RulesRefused(f"{path.name} is not a rules file: its name ends in {', '.join(_FORMATS)}")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise RulesRefused(f"{path.name} has more than {MAX_BYTES:,} bytes: split it by workspace")
        return parse_rules(content.decode("utf-8-sig", errors="strict"), format=file_format)
    except OSError as error:
        raise RulesRefused(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RulesRefused(f"{path.name} is not UTF-8 text (byte {error.start}): save it as UTF-8") from error


def _owner(asked: str | None, rule_file: RuleFile, known: dict[str, str]) -> str:
    named = [name for name in (asked, rule_file.workspace) if name is not None]
    if not named:
        raise RulesRefused("neither the file nor the call says whose rules these are: name a workspace")
    ids = {_workspace_id(name, known) for name in named}
    unknown = [_unknown(name, known) for name in named if _workspace_id(name, known) is None]
    if unknown:
        raise RulesRefused("\n".join(unknown))
    if len(ids) > 1:
        raise RulesRefused(f"the file holds the rules of {named[1]!r}, not of {named[0]!r}: name one of them")
    return str(ids.pop())


def _rows(rules: tuple[Rule, ...], known: dict[str, str]) -> list[RuleRow]:
    problems: list[str] = []
    rows: list[RuleRow] = []
    for rule in rules:
        destination = _workspace_id(rule.destination, known)
        if destination is None:
            problems.append(f"- rule {rule.rule_name!r}, destination: {_unknown(rule.destination, known)}")
            continue
        actions = rule.actions.model_dump(mode="json", exclude_unset=True)
        rows.append(
            RuleRow(
                rule_name=rule.rule_name,
                priority=rule.priority,
                conditions=rule.conditions.model_dump(mode="json", exclude_unset=True),
                destination_workspace_id=destination,
                actions={"assign_to_workspace": rule.actions.assign_to_workspace} | actions,
                is_active=rule.is_active,
            )
        )
    if problems:
        raise RulesRefused("\n".join([f"{len(problems)} problem(s), no rule was loaded:", *problems]))
    return rows


def _workspace_id(name: str, known: dict[str, str]) -> str | None:
    """The id of a workspace named by slug or id; a slug may look like an id, so slugs come first."""
    return known.get(name) or (name.lower() if name.lower() in known.values() else None)


def _unknown(name: str, known: dict[str, str]) -> str:
    close = get_close_matches(name, known, n=1)
    shown = [*list(known)[:_SLUGS_SHOWN], *(["..."] if len(known) > _SLUGS_SHOWN else [])]
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"no workspace has the slug or id {name!r}.{hint} Known: {', '.join(shown) or 'none'}"
