"""Recipes at work: found by name or file, and turned into edits of waiting rows. Settles nothing."""

import json
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
import pyarrow.compute as pc

from lead_pipeline.contracts.recipes import MAX_BYTES, Change, Recipe, parse_recipe
from lead_pipeline.domain.arrow import to_arrow
from lead_pipeline.domain.lead_columns import RAW_JSON, RAW_TEXT
from lead_pipeline.errors import RepairRefused
from lead_pipeline.store.connections import connect
from lead_pipeline.store.quarantine import Key, QuarantinedRow, RowFilter, condition

SQL_SECONDS = 30
FOLDER = Path(__file__).parents[1] / "recipes"
Cells = dict[str, Any]
_COLUMNS = (*RAW_TEXT, *RAW_JSON)


@cache
def built_in_recipes() -> tuple[Recipe, ...]:
    """The recipes that come with the package: those that keep every value first, then by name."""
    found = [parse_recipe(path.read_text(encoding="utf-8"), path.stem) for path in sorted(FOLDER.glob("*.yaml"))]
    return tuple(sorted(found, key=lambda recipe: (recipe.loses_a_value, recipe.name)))


def load_recipe(name_or_file: str) -> tuple[Recipe, str]:
    """A recipe and its text: a file where the name ends in .yaml or .yml, else one of the built-in ones."""
    path = Path(name_or_file)
    if path.suffix.lower() not in (".yaml", ".yml"):
        known = {recipe.name: recipe for recipe in built_in_recipes()}
        if name_or_file not in known:
            close = get_close_matches(name_or_file, known, n=1)
            hint = f"Did you mean {close[0]}? " if close else ""
            raise RepairRefused(
                f"no recipe {name_or_file!r}. {hint}There are {', '.join(sorted(known))}; "
                "a file of your own ends in .yaml."
            )
        path = FOLDER / f"{name_or_file}.yaml"
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1).decode("utf-8-sig")
    except OSError as error:
        raise RepairRefused(f"recipe {path} cannot be read: {error.strerror}. Name a YAML file.") from error
    except UnicodeDecodeError as error:
        raise RepairRefused(f"recipe {path.name} is not UTF-8 text (byte {error.start}): save it as UTF-8.") from error
    return parse_recipe(text, path.name), text


def edit_by_columns(changes: Mapping[str, Change], rows: Sequence[QuarantinedRow]) -> list[Cells]:
    """The rows as the changes leave them, in order. Every change reads the rows as they were."""
    columns = {name: _changed(change, name, rows) for name, change in changes.items()}
    edited = [dict(row.row) for row in rows]
    for name, values in columns.items():
        for cells, value in zip(edited, values, strict=True):
            cells[name] = value
    return edited


def _changed(change: Change, name: str, rows: Sequence[QuarantinedRow]) -> list[str | None]:
    if change.clear:
        return [None] * len(rows)
    if change.value is not None:
        return [change.value] * len(rows)
    source = change.from_ or name
    values = to_arrow(pd.Series([_cell(row.row, source) for row in rows], dtype="str"))
    for pattern, replacement in change.replace:
        values = pc.replace_substring_regex(values, pattern, replacement)
    changed: list[str | None] = values.to_pylist()
    return changed


def _cell(row: Cells, name: str) -> str | None:
    """A column of the row, else the attribute of that name, as text."""
    if name in _COLUMNS:
        value = row.get(name)
    else:
        attributes = row.get("attributes")
        parsed = json.loads(attributes) if isinstance(attributes, str) else attributes
        value = parsed.get(name) if isinstance(parsed, dict) else None
    return None if value is None else value if isinstance(value, str) else json.dumps(value)


def edits_by_sql(url: str, recipe: Recipe, meant: RowFilter) -> dict[Key, Cells]:
    """What a recipe's SELECT makes of the waiting rows that are meant: only those that it returns.

    It runs alone in a read-only transaction of SQL_SECONDS at most, as one statement. Raises RepairRefused with
    Postgres's words, for a row that does not wait, for one given twice and for one that is no object.
    """
    where, params = condition(meant)
    assert recipe.sql is not None
    statement = f"""
        WITH waiting AS MATERIALIZED (
            SELECT q.drop_id, q.row_no, q.row FROM core.quarantined_rows q JOIN raw.drops d USING (drop_id)
            WHERE {where} AND q.row_no >= 0 AND d.workspace_id IS NOT NULL
        )
        SELECT edited.drop_id::bigint, edited.row_no::bigint, edited.row::jsonb, waiting.drop_id IS NOT NULL
        FROM (
{recipe.sql.replace("%", "%%")}
        ) AS edited LEFT JOIN waiting ON waiting.drop_id = edited.drop_id AND waiting.row_no = edited.row_no
    """  # noqa: S608 - the recipe's text, fenced in as said above
    with connect(url) as conn:
        conn.read_only = True
        try:
            conn.execute("SELECT set_config('statement_timeout', %s, true)", [f"{SQL_SECONDS}s"])
            # Reads only: a superuser's functions for files and other sessions are out of its reach.
            conn.execute(
                "SELECT set_config('role', 'pg_read_all_data', true) "
                "WHERE pg_has_role(current_user, 'pg_read_all_data', 'MEMBER')"
            )
            found = conn.execute(statement, params).fetchall()  # with parameters: Postgres takes one statement only
        except psycopg.errors.QueryCanceled:
            raise RepairRefused(
                f"recipe {recipe.name}, sql: took longer than {SQL_SECONDS} s. No row was changed; ask for fewer rows."
            ) from None
        except psycopg.Error as error:
            words = (error.diag.message_primary or str(error)).replace("subquery in FROM", "the SELECT")
            raise RepairRefused(
                f"recipe {recipe.name}, sql: {words}. No row was changed; it must be one SELECT of drop_id, row_no "
                "and row (jsonb) over waiting."
            ) from error
    return _checked(recipe, found)


def _checked(recipe: Recipe, found: Iterable[tuple[int, int, Any, bool]]) -> dict[Key, Cells]:
    edits: dict[Key, Cells] = {}
    for drop_id, row_no, row, is_waiting in found:
        wrong = (
            "is not among the waiting rows that were asked for"
            if not is_waiting
            else "comes twice"
            if (drop_id, row_no) in edits
            else "is no JSON object of columns"
            if not isinstance(row, dict)
            else None
        )
        unknown = [] if wrong else sorted(set(row) - {*_COLUMNS, "text"})
        if unknown:
            wrong = f"has {', '.join(unknown)}, which are none of our columns ({', '.join(_COLUMNS)})"
        if wrong:
            raise RepairRefused(
                f"recipe {recipe.name}, sql: row {row_no} of drop {drop_id} {wrong}. No row was changed."
            )
        edits[drop_id, row_no] = row
    return edits
