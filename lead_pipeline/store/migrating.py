"""Migrations run by Alembic, on a connection of SQLAlchemy. Both take a third of a second to import: see `schema`."""

from collections.abc import Callable
from importlib import resources
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from lead_pipeline.errors import NotFound, SettingsError
from lead_pipeline.store.connections import conninfo, with_database
from lead_pipeline.store.schema import NOTHING, ROLES

_MIGRATION_LOCK = 7_263_401
_alembic = Lock()  # its context is one per process, whatever database a thread migrates


def upgrade(url: str, revision: str) -> str:
    """Up to `revision`; two processes at once take turns. Returns the version reached."""
    return _run(url, revision, command.upgrade)


def downgrade(url: str, revision: str) -> str:
    """Down to `revision`. Returns the version reached."""
    return _run(url, revision, command.downgrade)


def _run(url: str, revision: str, action: Callable[[Config, str], None]) -> str:
    engine = create_engine(
        with_database(url, conninfo(url).get("dbname", "")).replace("postgresql://", "postgresql+psycopg://", 1),
        poolclass=NullPool,
    )
    with _alembic, engine.connect() as conn, engine.connect() as gate:
        gate.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
        config = Config(str(resources.files("lead_pipeline.store") / "alembic.ini"))
        config.attributes["connection"] = conn
        try:
            action(config, revision)
        except CommandError as error:
            raise NotFound(
                f"migrating to {revision!r}: {error}. Name a file of store/migrations/versions, head or base; a "
                "version that the database has and this checkout does not is that of newer code."
            ) from error
        except DBAPIError as error:
            if isinstance(error.orig, InsufficientPrivilege):
                raise SettingsError(
                    f"the user of DATABASE_URL may not migrate ({error.orig}). It needs to own the database, and to "
                    f"create roles unless there are {' and '.join(ROLES)} already."
                ) from error
            raise
        conn.commit()
        return MigrationContext.configure(conn).get_current_revision() or NOTHING
