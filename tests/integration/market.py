"""A market for a test: sellers, buyers, suppliers and campaigns by SQL, and the real app to call as any of them.

Holds no assertion. People are made with their sessions, not through the sign-up: that is `test_people`'s business.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg
from fastapi.testclient import TestClient
from psycopg import sql
from psycopg.types.json import Jsonb

from lead_pipeline.service.app import build_app
from lead_pipeline.service.context import open_intake
from lead_pipeline.steps.keys import create_key
from lead_pipeline.steps.run import Run
from lead_pipeline.store.suppliers import save_supplier
from lead_pipeline.store.workspaces import save_workspace

_CODE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_numbers = count(1)


@dataclass(frozen=True)
class Person:
    """Somebody signed in. `buyer_id` and `supplier_id` are of the membership, None where the role has none."""

    token: str
    user_id: str
    email: str
    role: str
    workspace_id: str
    slug: str
    buyer_id: str | None = None
    supplier_id: str | None = None


@dataclass
class Market:
    """The app on a database. `now` is its clock where it was set, else the real time."""

    database: Any
    client: TestClient
    settings: Any
    now: datetime | None = None
    suppliers: dict[str, str] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.now or datetime.now(UTC)

    def connect(self) -> psycopg.Connection:
        return self.database.connect()

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.connect() as conn:
            return conn.execute(query, parameters).fetchall()

    def one(self, query: str, *parameters: Any) -> Any:
        [[value]] = self.rows(query, *parameters)
        return value

    def seller(self, name: str = "Ada", *, currency: str = "USD", time_zone: str = "UTC") -> Person:
        """A seller with a workspace of its own."""
        with self.connect() as conn:
            slug = f"{name.lower().replace(' ', '-')}-{next(_numbers)}"
            workspace_id = make_seller(conn, slug, currency=currency, time_zone=time_zone)
            return self.person(conn, "SELLER", name, workspace_id)

    def buyer(self, seller: Person, name: str = "Bob", *, balance_minor: int = 0, **columns: Any) -> Person:
        """A buyer of a seller, with a wallet of that balance."""
        with self.connect() as conn:
            buyer_id = make_buyer(conn, seller.workspace_id, name, balance_minor=balance_minor, **columns)
            return self.person(conn, "BUYER", name, seller.workspace_id, buyer_id=buyer_id)

    def supplier(self, seller: Person, name: str = "Leads Ltd", categories: Any = ()) -> str:
        """The API key of a supplier that may send to these categories; its id is in `suppliers`, by the key."""
        with self.connect() as conn:
            supplier_id = save_supplier(conn, workspace_id=seller.workspace_id, name=name, categories=categories)
            made = create_key(
                conn, workspace=seller.workspace_id, name="t", scopes=["ingest"], supplier=name, now=self.clock()
            )
            self.suppliers[made.key] = supplier_id
            return made.key

    def supplier_user(self, seller: Person, name: str = "Leads Ltd", categories: Any = ()) -> Person:
        """Somebody of a supplier, signed in."""
        with self.connect() as conn:
            supplier_id = save_supplier(conn, workspace_id=seller.workspace_id, name=name, categories=categories)
            return self.person(conn, "SUPPLIER", name, seller.workspace_id, supplier_id=supplier_id)

    def person(
        self,
        conn: psycopg.Connection,
        role: str,
        name: str,
        workspace_id: str,
        *,
        buyer_id: str | None = None,
        supplier_id: str | None = None,
    ) -> Person:
        """A user with one membership and an open session."""
        from lead_pipeline.steps.sessions import open_session

        email = f"{name.lower().replace(' ', '.')}{next(_numbers)}@people.example"
        user_id = insert(conn, "core.users", "user_id", email=email, name=name, password_hash="unusable")
        membership_id = insert(
            conn, "core.memberships", "membership_id", user_id=user_id, workspace_id=workspace_id, role=role,
            buyer_id=buyer_id, supplier_id=supplier_id,
        )  # fmt: skip
        token = open_session(conn, user_id, membership_id, self.settings, self.clock())
        found = conn.execute("SELECT slug FROM core.workspaces WHERE workspace_id = %s", [workspace_id]).fetchone()
        return Person(token, user_id, email, role, workspace_id, found[0], buyer_id, supplier_id)

    def call(
        self, person: Person | None, method: str, path: str, json: Any = None, *, headers: Any = None, **more: Any
    ) -> httpx.Response:
        """A request as somebody, or as nobody. Redirects are not followed."""
        sent = dict(headers or {}) | ({} if person is None else {"Authorization": f"Bearer {person.token}"})
        return self.client.request(method, path, json=json, headers=sent, follow_redirects=False, **more)

    def ingest(self, key: str, lead: dict[str, Any], event: str | None = None) -> httpx.Response:
        """POST /api/leads/ingest with a supplier's key."""
        headers = {"X-API-Key": key} | ({} if event is None else {"Idempotency-Key": event})
        return self.client.post("/api/leads/ingest", json=lead, headers=headers)


@contextmanager
def open_market(database: Any, var: Path, *, now: datetime | None = None, **environment: str) -> Iterator[Market]:
    """The real app, its lifespan running, over a fresh database. `environment` sets what the settings read."""
    settings = database.settings(LEAD_PIPELINE_VAR=str(var), **environment)
    market: Market | None = None

    def clock() -> datetime:
        return datetime.now(UTC) if market is None else market.clock()

    app = build_app(open_intake(settings, database.url, clock=clock))
    with TestClient(app) as client:
        market = Market(database, client, settings, now)
        yield market


def make_seller(conn: psycopg.Connection, slug: str, *, currency: str = "USD", time_zone: str = "UTC") -> str:
    """A workspace that sells. Returns its id."""
    workspace_id = save_workspace(conn, slug=slug, name=slug.title(), plan="pro")
    conn.execute("UPDATE core.workspaces SET time_zone = %s WHERE workspace_id = %s", [time_zone, workspace_id])
    insert(
        conn, "market.sellers", "workspace_id",
        workspace_id=workspace_id, invite_code=_code(next(_numbers)), currency=currency,
    )  # fmt: skip
    return workspace_id


def make_buyer(
    conn: psycopg.Connection, workspace_id: str, name: str = "Bob", *, balance_minor: int = 0, **columns: Any
) -> str:
    """A buyer, its wallet funded with `balance_minor`. Returns its id."""
    buyer_id = insert(conn, "market.buyers", "buyer_id", workspace_id=workspace_id, name=name, **columns)
    if balance_minor:
        from lead_pipeline.steps.move_money import fund

        with conn.transaction():
            fund(
                conn, workspace_id=workspace_id, buyer_id=buyer_id, amount_minor=balance_minor,
                key=f"test/{buyer_id}", reason="opening balance of a test", run=Run("test"),
            )  # fmt: skip
    return buyer_id


def make_category(
    conn: psycopg.Connection, workspace_id: str, slug: str | None = None, fields: Any = (), **columns: Any
) -> str:
    """A category with these fields. Returns its id."""
    named = slug or f"category-{next(_numbers)}"
    return insert(
        conn, "market.categories", "category_id",
        workspace_id=workspace_id, slug=named, fields=Jsonb(list(fields)), **{"name": named, **columns},
    )  # fmt: skip


def make_campaign(
    conn: psycopg.Connection,
    workspace_id: str,
    *,
    logic: str = "ROUND_ROBIN",
    price_minor: int = 2500,
    category_id: str | None = None,
    slug: str | None = None,
    **columns: Any,
) -> str:
    """A campaign, of a category of its own where none is given. Returns its id."""
    named = slug or f"campaign-{next(_numbers)}"
    return insert(
        conn, "market.campaigns", "campaign_id",
        workspace_id=workspace_id, category_id=category_id or make_category(conn, workspace_id), slug=named,
        distribution_logic=str(logic), price_minor=price_minor, **{"name": named, **columns},
    )  # fmt: skip


def subscribe(conn: psycopg.Connection, campaign_id: str, buyer_id: str, **columns: Any) -> str:
    """A subscription at the campaign's next position. `schedule` is given as plain lists. Returns its id."""
    found = conn.execute(
        "SELECT workspace_id::text, (SELECT coalesce(max(position), 0) + 1 FROM market.campaign_subscriptions s "
        "WHERE s.campaign_id = c.campaign_id) FROM market.campaigns c WHERE c.campaign_id = %s",
        [campaign_id],
    ).fetchone()
    if columns.get("schedule") is not None:
        columns["schedule"] = Jsonb(columns["schedule"])
    return insert(
        conn, "market.campaign_subscriptions", "subscription_id",
        **{"workspace_id": found[0], "position": found[1], "campaign_id": campaign_id, "buyer_id": buyer_id, **columns},
    )  # fmt: skip


def insert(conn: psycopg.Connection, table: str, key: str, /, **columns: Any) -> str:
    """One row of a table; returns its key as text."""
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING {}::text").format(
        sql.Identifier(*table.split(".")),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(sql.Placeholder() * len(columns)),
        sql.Identifier(key),
    )
    return conn.execute(statement, list(columns.values())).fetchone()[0]


def _code(number: int) -> str:
    letters = []
    for _ in range(8):
        number, digit = divmod(number, len(_CODE))
        letters.append(_CODE[digit])
    return "".join(reversed(letters))
