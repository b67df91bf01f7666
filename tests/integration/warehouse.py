"""dbt on the database of a test, in this process: importing it and reading the project, seconds each, is done once."""

import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import tuple_row

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
_VARIABLES = {
    "host": "DBT_HOST",
    "port": "DBT_PORT",
    "user": "DBT_USER",
    "password": "DBT_ENV_SECRET_PASSWORD",
    "dbname": "DBT_DBNAME",
}


class Outcome(NamedTuple):
    """`statuses` are by the name of a model or test."""

    log: str
    statuses: dict[str, str]

    @property
    def failures(self) -> dict[str, str]:
        return {name: how for name, how in self.statuses.items() if how not in {"success", "pass", "no-op"}}


class Parsed(NamedTuple):
    """The project as dbt reads it. Commands change what they are given: hand out copies."""

    log: str
    manifest: Any


@cache
def parsed() -> Parsed:
    """The project, read once a process. Its text asks for no database and no day."""
    with tempfile.TemporaryDirectory() as target:
        log, done = _invoke(None, ["parse", "--target-path", target])
    return Parsed(log, done.result)


def dbt(database: Any, target: Path, *command: str) -> Outcome:
    """Run one dbt command on the database, its artefacts to `target`. Raises what is no test's or model's failure."""
    address = conninfo_to_dict(database.url)
    environment = {variable: str(address[name]) for name, variable in _VARIABLES.items() if address.get(name)}
    with mock.patch.dict(os.environ, environment):
        log, done = _invoke(_manifest_of(str(address["dbname"])), [*command, "--target-path", str(target)])
    statuses = {str(one.node.name): str(one.status) for one in done.result.results}
    return Outcome(log, statuses)


def build(database: Any, target: Path, *arguments: str) -> Outcome:
    """`dbt build` without the unit tests: they read no table, and the build of an empty database runs them all."""
    return dbt(database, target, "build", "--exclude-resource-type", "unit_test", *arguments)


def rows(conn: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    """What a query gives, as plain tuples."""
    return conn.cursor(row_factory=tuple_row).execute(query).fetchall()


def _manifest_of(database: str) -> Any:
    """A copy of the project as read, over another database: its name is all that reading takes from the connection."""
    manifest = parsed().manifest.deepcopy()
    for relation in (*manifest.nodes.values(), *manifest.sources.values()):
        relation.database = database
        relation.relation_name = None
    return manifest


def _invoke(manifest: Any, command: list[str]) -> tuple[str, Any]:
    from dbt.cli.main import dbtRunner

    lines: list[str] = []
    runner = dbtRunner(manifest=manifest, callbacks=[lambda event: lines.append(event.info.msg)])
    folders = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
    done = runner.invoke([*command, *folders, "--no-use-colors", "--log-level-file", "none"])
    if done.exception is not None:
        raise done.exception
    return "\n".join(lines), done
