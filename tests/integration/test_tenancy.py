"""Beneath the API: what its role sees and writes by SQL, as a seller, a buyer, a supplier, an analyst and nobody."""

import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from lead_pipeline.errors import SettingsError
from lead_pipeline.store.connections import connect, conninfo, ensure_database, with_database
from lead_pipeline.store.embedded import EmbeddedPostgres
from lead_pipeline.store.schema import ROLES, migrate
from lead_pipeline.store.tenancy import acting_as
from tests.integration.full_market import BALANCE, OTHERS_BALANCE, fill_market
from tests.integration.market import insert, make_buyer, make_seller

pytestmark = pytest.mark.integration
MINE = ("memberships", "users", "workspaces")
OF_A_BUYER = {
    "core.lead_assignments", "core.leads", *(f"core.{name}" for name in MINE), "market.buyers",
    "market.campaign_leads", "market.campaign_subscriptions", "market.campaigns", "market.categories",
    "market.ledger_accounts", "market.ledger_entries", "market.ledger_postings", "market.notices",
    "market.payment_methods", "market.payments", "market.sellers", "market.spending", "market.subscription_days",
    "core.lead_overview", "outbound.deliveries", "outbound.delivery_attempts", "outbound.destinations",
    "outbound.usage_log",
}  # fmt: skip
OF_A_SUPPLIER = {
    "core.leads", *(f"core.{name}" for name in MINE), "market.campaign_leads", "market.campaigns",
    "market.categories", "market.sellers", "market.suppliers", "core.lead_overview",
}  # fmt: skip


@pytest.fixture
def worlds(market):
    return fill_market(market, "ours"), fill_market(market, "theirs")


def readable(conn, role):
    """Tables and views of which a role may read a column at least."""
    rows = conn.execute(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname IN ('core', 'market', 'outbound') AND c.relkind IN ('r', 'v') "
        "AND has_any_column_privilege(%s, c.oid, 'SELECT') ORDER BY 1",
        [role],
    )
    return [name for (name,) in rows]


def counts(conn, tables):
    return {table: conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def become(conn, person=None, *, workspace_id=None):
    acting_as(
        conn,
        workspace_id=workspace_id or person.workspace_id,
        buyer_id=None if person is None else person.buyer_id,
        supplier_id=None if person is None else person.supplier_id,
        user_id=None if person is None else person.user_id,
    )


def seen(market, person, tables):
    with market.connect() as conn, conn.transaction():
        become(conn, person)
        return counts(conn, tables)


@pytest.fixture
def tables(market):
    with market.connect() as conn:
        return readable(conn, "lead_pipeline_api")


def test_two_sellers_see_their_halves_of_everything_and_nobody_sees_anything(market, worlds, tables):
    with market.connect() as conn:
        whole = counts(conn, tables)
        everybody = {role: readable(conn, role) for role in ROLES}
    halves = [seen(market, world.seller, tables) for world in worlds]
    assert halves[0] == halves[1]
    assert whole == {table: 2 * count for table, count in halves[0].items()}
    filled = {table for table, count in whole.items() if count}
    assert {table for table in tables if table.startswith("market.")} <= filled, "each table of the market has rows"
    for role, granted in everybody.items():
        with market.connect() as conn:
            conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
            assert {0} == set(counts(conn, granted).values()), f"{role} without a workspace"


def test_an_analyst_sees_the_whole_market_of_its_workspace_and_no_sessions_users_keys_or_cards(market, worlds):
    with market.connect() as conn:
        granted = readable(conn, "lead_pipeline_analyst")
        hidden = {"core.sessions", "core.users", "core.api_keys", "market.payment_methods", "market.ledger_seals"}
        assert set() == hidden & set(granted)
        whole = counts(conn, granted)
        conn.execute("SET ROLE lead_pipeline_analyst")
        conn.execute("SELECT set_config('lead_pipeline.workspace_id', %s, false)", [worlds[0].seller.workspace_id])
        assert {table: count / 2 for table, count in whole.items()} == counts(conn, granted)


def test_a_buyer_sees_what_is_its_own_and_of_its_seller_what_it_may_buy(market, worlds, tables):
    ours, _ = worlds
    assert OF_A_BUYER == {table for table, count in seen(market, ours.buyer, tables).items() if count}
    with market.connect() as conn, conn.transaction():
        become(conn, ours.buyer)
        for table in ("buyers", "campaign_subscriptions", "spending", "ledger_accounts", "ledger_entries", "notices",
                      "payments", "payment_methods"):  # fmt: skip
            owners = conn.execute(f"SELECT DISTINCT buyer_id::text FROM market.{table}").fetchall()
            assert [(ours.buyer.buyer_id,)] == owners, table
        assert [(ours.buyer.email,)] == conn.execute("SELECT email FROM core.users").fetchall()


def test_a_buyer_cannot_read_another_buyers_wallet(market, worlds):
    ours, theirs = worlds
    wallets = "SELECT balance_minor FROM market.ledger_accounts WHERE kind = 'wallet' AND balance_minor > 0"
    for person, balance in ((ours.buyer, BALANCE), (ours.other_buyer, OTHERS_BALANCE), (theirs.buyer, BALANCE)):
        with market.connect() as conn, conn.transaction():
            become(conn, person)
            assert [(balance,)] == conn.execute(wallets).fetchall()
            assert [(balance,)] == conn.execute("SELECT sum(amount_minor) FROM market.ledger_postings").fetchall()
    with market.connect() as conn, conn.transaction():
        become(conn, ours.seller)
        assert {(BALANCE,), (OTHERS_BALANCE,)} == set(conn.execute(wallets).fetchall())


def test_a_buyer_sees_the_leads_that_it_bought_and_only_its_own_assignment_of_them(market, worlds):
    ours, _ = worlds
    lead = ours.ids["lead_id"]
    with market.connect() as conn:
        insert(
            conn, "core.lead_assignments", "lead_id", lead_id=lead, destination_kind="workspace", seq=2,
            destination_id=ours.seller.workspace_id, rule_set_version=1, reason="rule", run_id="t",
            decided_at="2026-03-02",
        )  # fmt: skip
    for person, leads, assignments in (
        (ours.buyer, 1, 1),
        (ours.other_buyer, 0, 0),
        (ours.supplier, 1, 0),
        (ours.seller, 1, 2),
    ):
        found = seen(market, person, ["core.leads", "core.lead_assignments", "market.campaign_leads"])
        assert [leads, assignments, leads] == list(found.values())


def test_a_supplier_sees_itself_its_leads_and_the_offers(market, worlds, tables):
    assert OF_A_SUPPLIER == {table for table, count in seen(market, worlds[0].supplier, tables).items() if count}


@pytest.mark.parametrize(
    "column",
    ["core.users.password_hash", "core.users.google_subject", "core.api_keys.key_hash", "core.workspaces.settings",
     "core.sessions.session_id", "core.team_invites.code_hash", "raw.drops.body",
     "outbound.destinations.address_sealed", "outbound.destinations.secret_sealed",
     "outbound.destinations.previous_secret_sealed"],
)  # fmt: skip
@pytest.mark.parametrize("role", ROLES)
def test_secrets_are_the_owners_alone(market, column, role):
    table, _, name = column.rpartition(".")
    with market.connect() as conn:
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(f"SELECT {name} FROM {table}")


REFUSED = (
    "UPDATE market.ledger_accounts SET balance_minor = 1",
    "INSERT INTO market.ledger_postings VALUES (1, 9, 1, 100)",
    "DELETE FROM market.ledger_entries",
    "UPDATE market.payments SET state = 'succeeded'",
    "INSERT INTO market.payment_methods SELECT * FROM market.payment_methods",
    "UPDATE market.sellers SET currency = 'EUR'",
    "UPDATE market.spending SET spent_minor = 0",
    "DELETE FROM core.assignment_candidates",
    "INSERT INTO core.memberships (user_id, workspace_id, role) SELECT user_id, workspace_id, 'SELLER' "
    "FROM core.memberships LIMIT 1",
    "UPDATE core.leads SET city = 'x'",
    "UPDATE core.workspaces SET plan = 'pro'",
    "DELETE FROM market.versions",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_not_even_a_seller_writes_money_decisions_or_people(market, worlds, statement):
    with market.connect() as conn, pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
        become(conn, worlds[0].seller)
        conn.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE market.{} SET name = 'taken over' WHERE {}_id = %s", "DELETE FROM market.{} WHERE {}_id = %s",
     "SELECT 1 FROM market.{} WHERE {}_id = %s FOR UPDATE"],
)  # fmt: skip
@pytest.mark.parametrize(
    "table", [("categories", "category"), ("campaigns", "campaign"), ("buyers", "buyer"), ("suppliers", "supplier")]
)
def test_a_sellers_writes_reach_no_row_of_another(market, worlds, statement, table):
    ours, theirs = worlds
    kind = {"category": "category", "campaign": "campaign"}.get(table[1], f"{table[1]}_id")
    with market.connect() as conn, conn.transaction():
        become(conn, ours.seller)
        assert 0 == conn.execute(statement.format(*table), [theirs.ids[kind]]).rowcount


def test_a_seller_makes_no_row_for_another_nor_one_that_hangs_on_anothers(market, worlds):
    ours, theirs = worlds
    mine = {"workspace_id": ours.seller.workspace_id}
    offer = {"slug": "x", "name": "x", "price_minor": 1, "distribution_logic": "BROADCAST"}
    order = {"campaign_id": ours.ids["campaign"], "buyer_id": theirs.ids["buyer_id"], "position": 9}
    key_row = {"key_hash": b"0" * 32, "prefix": "sk_x", "name": "x", "scopes": ["admin"], "created_at": "2026-01-01"}
    for table, key, columns in (
        ("market.categories", "category_id", {"workspace_id": theirs.seller.workspace_id, "slug": "x", "name": "x"}),
        ("market.campaigns", "campaign_id", {**mine, **offer, "category_id": theirs.ids["category"]}),
        ("market.campaign_subscriptions", "subscription_id", {**mine, **order}),
        ("core.api_keys", "key_id", {**mine, **key_row}),
    ):
        with market.connect() as conn, pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
            become(conn, ours.seller)
            insert(conn, table, key, **columns)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE market.buyers SET priority = 10", "UPDATE market.campaigns SET price_minor = 1",
     "UPDATE market.sellers SET invite_code = 'AAAAAAAA'", "INSERT INTO market.buyers (workspace_id, name) "
     "VALUES (core.current_workspace(), 'x')",
     "UPDATE market.campaign_subscriptions SET workspace_id = gen_random_uuid()"],
)  # fmt: skip
def test_a_buyer_changes_neither_offers_nor_its_own_standing(market, worlds, statement):
    with market.connect() as conn, pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
        become(conn, worlds[0].buyer)
        conn.execute(statement)


def test_a_buyer_changes_its_own_subscription_and_locks_what_it_subscribes_to(market, worlds):
    ours, theirs = worlds
    with market.connect() as conn, conn.transaction():
        become(conn, ours.buyer)
        assert 1 == conn.execute("UPDATE market.campaign_subscriptions SET daily_cap = 5").rowcount
        locked = "SELECT 1 FROM market.campaigns WHERE campaign_id = %s FOR UPDATE"
        assert 1 == conn.execute(locked, [ours.ids["campaign"]]).rowcount
        assert 0 == conn.execute(locked, [theirs.ids["campaign"]]).rowcount
    changed = "SELECT count(*) FROM market.campaign_subscriptions WHERE daily_cap = 5"
    assert 1 == market.one(changed)


def test_a_transaction_is_the_api_roles_and_the_connection_is_the_owners_again_after_it(market, worlds):
    ours, _ = worlds
    with market.connect() as conn:
        [before] = conn.execute("SELECT current_user").fetchone()
        with pytest.raises(RuntimeError), conn.transaction():
            become(conn, ours.buyer)
            assert ("lead_pipeline_api",) == conn.execute("SELECT current_user").fetchone()
            raise RuntimeError
        assert (before, "") == conn.execute(
            "SELECT current_user, coalesce(current_setting('lead_pipeline.buyer_id', true), '')"
        ).fetchone()


def test_a_new_version_names_the_person_behind_it(market, worlds):
    ours, _ = worlds
    with market.connect() as conn, conn.transaction():
        become(conn, ours.seller)
        conn.execute("UPDATE market.campaigns SET price_minor = 9")
    assert ours.seller.user_id == market.one(
        "SELECT changed_by FROM market.versions WHERE kind = 'campaign' AND id = %s AND version = 2",
        ours.ids["campaign"],
    )


@pytest.fixture
def own_server():
    folder = Path(tempfile.mkdtemp(prefix="lp"))  # short, and readable by the user whom the server runs as
    with EmbeddedPostgres(folder) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def test_an_owner_who_is_no_superuser_serves_the_market_on_a_server_of_its_own(own_server):
    """As an external Postgres is: the owner may make roles, and is granted the API role by the migration."""
    with connect(with_database(own_server.url, "postgres"), autocommit=True) as conn:
        conn.execute("CREATE ROLE owner_of_leads LOGIN CREATEROLE CREATEDB")
    host = conninfo(own_server.url)["host"]
    url = f"postgresql://owner_of_leads@/owned?host={host}"
    ensure_database(url)
    migrate(url)
    with connect(url, autocommit=True) as conn:
        workspace = make_seller(conn, "ada")
        make_buyer(conn, workspace, "Bob", balance_minor=100)
        make_buyer(conn, make_seller(conn, "eve"), "Mallory")
        with conn.transaction():
            become(conn, workspace_id=workspace)
            assert [("Bob",)] == conn.execute("SELECT name FROM market.buyers").fetchall()
        assert 2 == conn.execute("SELECT count(*) FROM market.buyers").fetchone()[0], "the owner sees all"


def test_an_owner_without_the_role_is_told_what_an_administrator_has_to_run(market):
    with market.connect() as conn:
        conn.execute("DROP ROLE IF EXISTS somebody_else")
        conn.execute("CREATE ROLE somebody_else LOGIN")
    parts = conninfo(market.database.url)
    url = f"postgresql://somebody_else@/{parts['dbname']}?host={parts['host']}"
    with connect(url) as conn, pytest.raises(SettingsError, match="GRANT lead_pipeline_api TO"):
        become(conn, workspace_id="00000000-0000-4000-8000-000000000000")
