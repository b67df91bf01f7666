"""What every command begins with: the settings from the environment, and a database that is up to date."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from lead_pipeline.settings import Settings, load_settings
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import database
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


def command_run(name: str) -> Run:
    """A run of its own for one command: the id is written beside what it decides."""
    return Run(f"{name}-{uuid.uuid4()}")
