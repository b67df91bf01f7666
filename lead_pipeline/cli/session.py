"""What every command begins with: the settings from the environment, and a database that is up to date."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from lead_pipeline.settings import Settings, load_settings
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect, database
from lead_pipeline.store.schema import migrate


def settings() -> Settings:
    """The settings of this process."""
    return load_settings(os.environ)


@contextmanager
def migrated(chosen: Settings | None = None) -> Iterator[str]:
    """The address of the database, started where it is ours, its schema at the newest version."""
    with database(chosen or settings()) as url:
        migrate(url)
        yield url


@contextmanager
def connected() -> Iterator[psycopg.Connection]:
    """A connection to that database, for commands that do one thing: each statement is committed by itself."""
    with migrated() as url, connect(url, autocommit=True) as conn:
        yield conn


def command_run(name: str) -> Run:
    """A run of its own for one command: the id is written beside what it decides."""
    return Run(f"{name}-{uuid.uuid4()}")
