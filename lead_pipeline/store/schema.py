"""The schema's version: migrate up and down. The migrations themselves are in `migrations/versions`."""

from collections.abc import Callable
from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from lead_pipeline.errors import NotFound
from lead_pipeline.store.connections import connect, conninfo, with_database

_MIGRATION_LOCK = 7_263_401
NOTHING = "base"


def migrate(url: str, revision: str = "head") -> str:
    """Bring the schema up to `revision`; two processes at once take turns. Returns the version reached."""
    return _run(url, revision, command.upgrade)


def downgrade(url: str, revision: str) -> str:
    """Take the schema down to `revision` (`base` removes all of it). Returns the version reached."""
    return _run(url, revision, command.downgrade)


def _run(url: str, revision: str, action: Callable[[Config, str], None]) -> str:
    connect(url).close()  # an unreachable server is named as such before SQLAlchemy wraps the words
    engine = create_engine(
        with_database(url, conninfo(url).get("dbname", "")).replace("postgresql://", "postgresql+psycopg://", 1),
        poolclass=NullPool,
    )
    with engine.connect() as conn, engine.connect() as gate:
        gate.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
        config = Config(str(resources.files("lead_pipeline.store") / "alembic.ini"))
        config.attributes["connection"] = conn
        try:
            action(config, revision)
        except CommandError as error:
            raise NotFound(f"no migration {revision!r}: {error}. Name one of migrations/versions, or base.") from error
        conn.commit()
        return MigrationContext.configure(conn).get_current_revision() or NOTHING
