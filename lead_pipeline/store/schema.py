"""The schema's version: migrate up and down. The migrations themselves are in `migrations/versions`."""

from functools import cache
from importlib import resources

import psycopg

from lead_pipeline.errors import SettingsError
from lead_pipeline.store.connections import connect

_OLDEST_SERVER = 150_000
NOTHING = "base"
ROLES = ("lead_pipeline_api", "lead_pipeline_analyst")


def migrate(url: str, revision: str = "head") -> str:
    """Bring the schema up to `revision`; two processes at once take turns. Returns the version reached."""
    newest = newest_version()
    if _version(url) == newest and revision in ("head", newest):
        return newest
    from lead_pipeline.store import migrating  # noqa: PLC0415 - takes a third of a second, and is seldom needed

    return migrating.upgrade(url, revision)


def downgrade(url: str, revision: str) -> str:
    """Take the schema down to `revision` (`base` removes all of it). Returns the version reached."""
    _version(url)  # an unreachable server is named as such before SQLAlchemy wraps the words
    from lead_pipeline.store import migrating  # noqa: PLC0415 - as above

    return migrating.downgrade(url, revision)


@cache
def newest_version() -> str:
    """The version that this code's migrations lead to: their files begin with it."""
    files = (file.name for file in resources.files("lead_pipeline.store.migrations.versions").iterdir())
    return max((name.partition("_")[0] for name in files if name[:1].isdigit()), default=NOTHING)


def _version(url: str) -> str:
    """The version of a database. Raises DatabaseUnavailable, and SettingsError where its server is too old."""
    with connect(url, autocommit=True) as conn:
        if conn.info.server_version < _OLDEST_SERVER:
            raise SettingsError(
                f"DATABASE_URL leads to Postgres {conn.info.server_version // 10_000}; 15 or later is needed."
            )
        try:
            row = conn.execute("SELECT version_num FROM public.alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            row = None
    return NOTHING if row is None else str(row[0])
