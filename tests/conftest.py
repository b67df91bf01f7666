"""Fixtures of every tier: a real Postgres server for the session, a fresh migrated database for a test."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from lead_pipeline.settings import Settings, load_settings
from lead_pipeline.store.connections import connect, ensure_database, with_database
from lead_pipeline.store.embedded import EmbeddedPostgres
from lead_pipeline.store.schema import migrate
from tests.examples import load_profile

load_profile()
# Each `httpx.get` of a test would read the certificates of the whole internet anew, which takes longer than the call.
httpx._transports.default.create_ssl_context = cache(httpx.create_ssl_context)
MEMORY, ROOM = Path("/dev/shm"), 4 << 30
REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_numbers = count(1)


@pytest.fixture(scope="session")
def real_data() -> Path:
    if not REAL_DATA.is_dir():
        pytest.skip("the folder of real data is not beside this checkout")
    return REAL_DATA


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of a server of this test process, its `template_leads` database migrated."""
    # Short: a socket's path holds 107 characters. In memory where there is room: every test makes a database.
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    folder = Path(tempfile.mkdtemp(prefix="lp", dir=MEMORY if has_room else None))
    with EmbeddedPostgres(folder) as embedded:
        template = with_database(embedded.url, "template_leads")
        ensure_database(template)
        migrate(template)
        yield embedded.url
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Database:
    """A fresh database of one test. `url` is a libpq address."""

    url: str

    def connect(self) -> psycopg.Connection:
        return connect(self.url, autocommit=True)

    def settings(self, **environment: str) -> Settings:
        return load_settings({"DATABASE_URL": self.url, **environment})


@pytest.fixture
def database(server: str) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    with connect(with_database(server, "postgres"), autocommit=True) as conn:
        conn.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template_leads STRATEGY FILE_COPY").format(sql.Identifier(name))
        )
        yield Database(with_database(server, name))
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def empty_database(server: str) -> Iterator[Database]:
    """A database without any table of ours."""
    name = f"empty_{next(_numbers)}"
    with connect(with_database(server, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield Database(with_database(server, name))
        conn.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
