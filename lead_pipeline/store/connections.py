"""Connections to Postgres, and where they lead. What is asked over them lives in the other files of this folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from lead_pipeline.errors import DatabaseUnavailable, SettingsError
from lead_pipeline.settings import Settings
from lead_pipeline.store.embedded import EmbeddedPostgres


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The address of the database in use, the embedded server started and held where no other is named."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with EmbeddedPostgres(settings.var_dir) as server:
        ensure_database(server.url)
        yield server.url


def connect(url: str, *, autocommit: bool = False) -> psycopg.Connection:
    """One connection, its session in UTC. Raises DatabaseUnavailable with the server's words."""
    conninfo(url)  # an address that cannot be read is named as such
    try:
        return psycopg.connect(
            url, autocommit=autocommit, application_name="lead_pipeline", options="-c timezone=UTC", connect_timeout=10
        )
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(
            f"Postgres does not answer ({' '.join(str(error).split())}). "
            "Check DATABASE_URL, or unset it for the embedded server."
        ) from error


@contextmanager
def open_pool(url: str, *, size: int, wait: float, checked: bool = True) -> Iterator[ConnectionPool]:
    """Connections that commit by themselves, kept for threads that answer requests; none is made unasked.

    `checked`: each is tried before it is handed out, for those who cannot ask again where it broke. Who waits longer
    than `wait` seconds for one gets PoolTimeout, an OperationalError.
    """
    options = {"autocommit": True, "application_name": "lead_pipeline", "options": "-c timezone=UTC"}
    pool = ConnectionPool(
        url, min_size=0, max_size=size, kwargs={**options, "connect_timeout": 3}, timeout=wait, open=False,
        check=ConnectionPool.check_connection if checked else None, reconnect_timeout=wait,
    )  # fmt: skip
    with pool:
        yield pool


def ensure_database(url: str) -> None:
    """Create the database that `url` names where the server has none of that name."""
    name = conninfo(url).get("dbname", "")
    with connect(with_database(url, "postgres"), autocommit=True) as conn:
        known = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known is None:
            try:
                conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return  # another process was faster
            except psycopg.errors.InsufficientPrivilege as error:
                raise DatabaseUnavailable(
                    f"database {name} is missing and this user may not create it: CREATE DATABASE {name};"
                ) from error


def with_database(url: str, name: str) -> str:
    """The same server, another database, as the postgresql:// address that SQLAlchemy takes too."""
    parts = conninfo(url)
    user, password = parts.pop("user", ""), parts.pop("password", "")
    host, port = parts.pop("host", ""), parts.pop("port", "")
    parts.pop("dbname", None)
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "") + ("@" if user else "")
    if host.startswith("/") or "," in host:  # a socket's folder or a list cannot stand where a host name does
        parts |= {"host": host} | ({"port": port} if port else {})
        host = port = ""
    place = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    rest = urlencode(parts, safe="/", quote_via=quote)  # libpq takes a + for a plus sign, not for a space
    return f"postgresql://{login}{place}/{quote(name, safe='')}" + (f"?{rest}" if rest else "")


def conninfo(url: str) -> dict[str, str]:
    """The parts of an address: host, port, user, password, dbname and what else it says.

    Raises SettingsError without the address, which may hold a password.
    """
    try:
        return {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:
        raise SettingsError(
            "DATABASE_URL is not a libpq address. Write it as postgresql://user:password@host:5432/name."
        ) from None
