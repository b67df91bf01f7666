"""The schema up and down, from nothing to nothing, and who may read which rows of it."""

import threading
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from lead_pipeline.errors import DatabaseUnavailable, NotFound, SettingsError
from lead_pipeline.store import schema
from lead_pipeline.store.connections import connect, conninfo, ensure_database, with_database
from lead_pipeline.store.schema import NOTHING, ROLES, downgrade, migrate

pytestmark = pytest.mark.integration
VERSIONS = Path(schema.__file__).parent / "migrations" / "versions"
REVISIONS = sorted(path.name.partition("_")[0] for path in VERSIONS.glob("2*.py"))
OURS = ("raw", "core", "outbound", "market", "analytics")
# What the marketplace added is filled and compared in test_tenancy.
MARKETS = {"core.memberships", "core.assignment_candidates", "core.lead_assignees"}
OBJECTS = r"""
    SELECT n.nspname || '.' || c.relname AS name, c.relkind::text AS kind, pg_get_viewdef(c.oid) AS is_view,
        obj_description(c.oid, 'pg_class') AS about, c.relrowsecurity,
        coalesce(c.relacl::text, '') LIKE '%%lead_pipeline\_%%' AS is_granted
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ANY(%s) ORDER BY 1
"""
FUNCTIONS = """
    SELECT n.nspname || '.' || p.oid::regprocedure, pg_get_functiondef(p.oid)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY(%s) ORDER BY 1
"""
COLUMNS = """
    SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = ANY(%s) ORDER BY 1, 2, ordinal_position
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace::regnamespace::text = ANY(%s) ORDER BY 1, 2
"""
POLICIES = "SELECT * FROM pg_policies WHERE schemaname = ANY(%s) ORDER BY schemaname, tablename, policyname"


def shape(conn):
    """Everything that a schema is, as text."""
    queries = (OBJECTS, FUNCTIONS, COLUMNS, CONSTRAINTS, POLICIES)
    return [conn.execute(query, [list(OURS)]).fetchall() for query in queries]


def schemas(conn):
    rows = conn.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$' ORDER BY 1")
    return [name for (name,) in rows]


def test_the_schema_goes_up_to_its_head_down_to_nothing_and_up_again(empty_database):
    assert REVISIONS[-1] == migrate(empty_database.url)
    with empty_database.connect() as conn:
        first = shape(conn)
        assert NOTHING == downgrade(empty_database.url, NOTHING)
        assert ["public"] == schemas(conn)
        assert [("alembic_version",)] == conn.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i'"
        ).fetchall()
        assert [] == conn.execute("SELECT typname FROM pg_type WHERE typname = 'lead_type'").fetchall()
        assert REVISIONS[-1] == migrate(empty_database.url)
        assert first == shape(conn)


def test_each_step_down_leaves_what_the_step_before_it_had_made(empty_database):
    shapes = {}
    with empty_database.connect() as conn:
        for revision in REVISIONS:
            assert revision == migrate(empty_database.url, revision)
            shapes[revision] = shape(conn)
        for lower, upper in reversed(list(pairwise(REVISIONS))):
            assert lower == downgrade(empty_database.url, lower)
            assert shapes[lower] == shape(conn), f"down from {upper}"
            migrate(empty_database.url, upper)
            assert shapes[upper] == shape(conn), f"up again to {upper}"
            downgrade(empty_database.url, lower)


def test_migrating_again_changes_nothing(database):
    with database.connect() as conn:
        before = shape(conn)
        assert REVISIONS[-1] == migrate(database.url)
        assert before == shape(conn)


def test_four_that_migrate_one_database_at_once_take_turns(empty_database):
    reached = []
    threads = [threading.Thread(target=lambda: reached.append(migrate(empty_database.url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [REVISIONS[-1]] * 4 == reached


def test_two_databases_of_one_server_can_be_migrated_at_once(server, empty_database):
    other = with_database(server, "empty_beside")
    ensure_database(other)
    reached = []
    urls = (empty_database.url, other)
    threads = [threading.Thread(target=lambda url=url: reached.append(migrate(url))) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [REVISIONS[-1]] * 2 == reached
    with connect(with_database(server, "postgres"), autocommit=True) as conn:
        conn.execute("DROP DATABASE empty_beside")


def test_what_dbt_built_does_not_stop_the_way_down(database):
    with database.connect() as conn:
        conn.execute("CREATE VIEW analytics.stg_leads AS SELECT lead_id, intent_score FROM core.lead_overview")
        conn.execute("CREATE TABLE analytics.leads_by_day AS SELECT 1 AS one")
        assert NOTHING == downgrade(database.url, NOTHING)
        assert ["public"] == schemas(conn)


def test_an_unknown_version_is_refused_by_name(database):
    with pytest.raises(NotFound, match="20990101000000"):
        migrate(database.url, "20990101000000")
    with database.connect() as conn:
        conn.execute("UPDATE alembic_version SET version_num = 'of_the_future'")
    with pytest.raises(NotFound, match="newer code"):
        migrate(database.url)


def test_a_user_who_may_not_migrate_is_told_what_it_needs(empty_database):
    with empty_database.connect() as conn:
        conn.execute("DROP ROLE IF EXISTS just_a_reader")
        conn.execute("CREATE ROLE just_a_reader LOGIN")
    parts = conninfo(empty_database.url)
    url = f"postgresql://just_a_reader@/{parts['dbname']}?host={parts['host']}"
    with pytest.raises(SettingsError, match="needs to own the database"):
        migrate(url)


def test_an_owner_who_may_not_make_roles_migrates_where_they_are_there(database, empty_database):
    with empty_database.connect() as conn:
        name = conninfo(empty_database.url)["dbname"]
        conn.execute("CREATE ROLE plain_owner LOGIN")
        conn.execute(sql.SQL("ALTER DATABASE {} OWNER TO plain_owner").format(sql.Identifier(name)))
        conn.execute("ALTER SCHEMA public OWNER TO plain_owner")
        url = f"postgresql://plain_owner@/{name}?host={conninfo(empty_database.url)['host']}"
        assert REVISIONS[-1] == migrate(url)
        assert NOTHING == downgrade(url, NOTHING)
        conn.execute("REASSIGN OWNED BY plain_owner TO postgres")
        conn.execute("DROP OWNED BY plain_owner")
        conn.execute("DROP ROLE plain_owner")


@pytest.mark.parametrize("url", ["a word hunter2", "postgresql://me:hunter2@[broken/leads", "host=a hunter2"])
def test_an_address_that_cannot_be_read_is_refused_without_showing_it(url):
    with pytest.raises(SettingsError, match="DATABASE_URL is not a libpq address") as refused:
        connect(url)
    assert "hunter2" not in str(refused.value)


def test_a_server_that_does_not_answer_is_named_in_one_line_without_the_password():
    with pytest.raises(DatabaseUnavailable, match="Postgres does not answer") as refused:
        migrate("postgresql://me:hunter2@127.0.0.1:1/leads")
    assert "hunter2" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:p%40ss@db.example:5433/le%2Fads?application_name=two%20words&sslmode=require",
        "host=/tmp/some\\ folder user=me dbname=leads",
        "postgresql://me@[::1]:5433/leads",
        "host=a,b port=1,2 dbname=leads user=me",
        "postgresql://",
    ],
)
def test_another_database_of_the_same_server_keeps_every_other_part_of_the_address(url):
    assert {**conninfo(url), "dbname": "other/one"} == conninfo(with_database(url, "other/one"))


def test_every_table_and_view_says_what_a_row_of_it_is(database):
    with database.connect() as conn:
        rows = conn.execute(OBJECTS, [list(OURS)]).fetchall()
    silent = [name for name, kind, _, about, *_ in rows if kind in "rvm" and not about]
    assert [] == silent


def test_every_table_that_a_role_may_read_is_under_row_level_security(database):
    with database.connect() as conn:
        rows = conn.execute(OBJECTS, [list(OURS)]).fetchall()
        granted = [(name, kind, secured) for name, kind, _, _, secured, is_granted in rows if is_granted]
        assert 16 <= len(granted)
        assert [] == [name for name, kind, secured in granted if kind == "r" and not secured]
        views = [name for name, kind, _ in granted if kind == "v"]
        options = conn.execute(
            "SELECT v, reloptions FROM unnest(%s::text[]) v JOIN pg_class c ON c.oid = v::regclass", [views]
        ).fetchall()
        assert all("security_invoker=true" in reloptions for _, reloptions in options)


@pytest.fixture
def two_tenants(database):
    """A lead with every stage's row in two workspaces. Returns the database and the workspaces' ids."""
    ids = []
    with database.connect() as conn:
        for slug in ("one", "two"):
            (workspace,) = conn.execute(
                "INSERT INTO core.workspaces (slug, name) VALUES (%s, %s) RETURNING workspace_id", [slug, slug]
            ).fetchone()
            ids.append(workspace)
            fill(conn, workspace, slug)
    return database, ids


def fill(conn, workspace, slug):
    given = {"w": workspace, "s": slug, "sha": "0" * 64}
    (drop,) = conn.execute(
        "INSERT INTO raw.drops (source, kind, external_id, workspace_id, body, body_sha256, day, received_at) "
        "VALUES ('test', 'csv', %(s)s, %(w)s, '', %(sha)s, '2026-01-01', now()) RETURNING drop_id",
        given,
    ).fetchone()
    (lead,) = conn.execute(
        "INSERT INTO core.leads (lead_id, workspace_id, drop_id, row_no, fingerprint, type, country_inferred, "
        "received_at, day, flags) VALUES (gen_random_uuid(), %s, %s, 0, gen_random_uuid(), 'COMPANY', false, now(), "
        "'2026-01-01', '{}') RETURNING lead_id",
        [workspace, drop],
    ).fetchone()
    given |= {"drop": drop, "lead": lead}
    for statement in (
        "INSERT INTO core.queries (workspace_id, name) VALUES (%(w)s, 'q')",
        "INSERT INTO core.lead_sightings VALUES (%(drop)s, 1, %(lead)s)",
        "INSERT INTO core.intent_scores VALUES (%(lead)s, %(drop)s, 'hot', 1, 0, 0, '[]', 'run', now())",
        "INSERT INTO core.lead_routing_rules (workspace_id, rule_name, destination_workspace_id) "
        "VALUES (%(w)s, 'r', %(w)s)",
        "INSERT INTO core.lead_assignments (lead_id, destination_kind, destination_id, rule_set_version, reason, "
        "run_id, decided_at) VALUES (%(lead)s, 'workspace', %(w)s, 1, 'no rule matched', 'run', now())",
        "INSERT INTO core.enrichments (lead_id, vendor, status, day, requested_at) "
        "VALUES (%(lead)s, 'clay', 'pending', '2026-01-01', now())",
        "INSERT INTO core.lead_contacts (lead_id, contact_no, full_name, is_primary) VALUES (%(lead)s, 1, 'A', true)",
        "INSERT INTO core.bulk_upload_jobs (drop_id, workspace_id) VALUES (%(drop)s, %(w)s)",
        "INSERT INTO outbound.upload_batches (batch_key, workspace_id, platform, band, day, run_id, intended_at) "
        "VALUES (%(s)s, %(w)s, 'p', 'hot', '2026-01-01', 'run', now())",
        "INSERT INTO outbound.platform_uploads (lead_id, batch_key, payload) VALUES (%(lead)s, %(s)s, '{}')",
        "INSERT INTO core.party_enrichments (enrichment_id, workspace_id, crm_lead_id, contact_key, first_drop_id, "
        "day, run_id, requested_at, next_attempt_at) "
        "VALUES (%(lead)s, %(w)s, 'c', sha256('c'), %(drop)s, '2026-01-01', 'run', now(), now())",
        "INSERT INTO core.contact_lookups (enrichment_id, contact_no, kind, contact_masked, verdict, found) "
        "VALUES (%(lead)s, 1, 'email', 'a***@b.c', 'asked', true)",
        "INSERT INTO core.parties (party_id, workspace_id, cpf_digest, cpf_masked, person_sealed, created_at, "
        "updated_at) VALUES (%(lead)s, %(w)s, sha256('c'), '***.***.247-**', '', now(), now())",
        "INSERT INTO core.party_links VALUES (%(lead)s, %(lead)s, '{email}')",
        "INSERT INTO outbound.billing_events VALUES (%(lead)s, 'platform_upload', %(w)s, 'p', now())",
        "INSERT INTO outbound.deliveries (delivery_id, workspace_id, destination_id, channel, kind, subject, day, "
        "run_id, intended_at, next_attempt_at) VALUES (%(lead)s, %(w)s, %(lead)s, 'email', 'new_lead', 's', "
        "'2026-01-01', 'run', now(), now())",
        "INSERT INTO outbound.delivery_attempts (delivery_id, attempt_no, action, run_id, attempted_at) "
        "VALUES (%(lead)s, 1, 'send', 'run', now())",
        "INSERT INTO outbound.usage_log VALUES (%(lead)s, %(w)s, NULL, 'email', 'resend', 1, 'USD', 1, 0, 0, 'run', "
        "now())",
        "INSERT INTO outbound.usage_statements VALUES (%(w)s, '2026-01-01', 'email', 'USD', 1, 1, 1, 0, 0, 'run', "
        "now())",
        "INSERT INTO outbound.platform_access_log (lead_id, workspace_id, platform, batch_key, host, fields, run_id, "
        "occurred_at) VALUES (%(lead)s, %(w)s, 'p', 'b', 'h', '{}', 'run', now())",
        "INSERT INTO outbound.platform_allowances VALUES (%(w)s, 'p', 1, 2, now())",
        "INSERT INTO core.realtor_managers (workspace_id, realtor, realtor_name, manager_name) "
        "VALUES (%(w)s, 'r', 'R', 'M')",
        "INSERT INTO outbound.manager_notifications VALUES (%(drop)s, %(w)s, 'c', 'r', 'no_manager', 0, 0, 'run', "
        "now())",
        "INSERT INTO outbound.email_templates (workspace_id, name, subject, body, updated_at) "
        "VALUES (%(w)s, 'n', 's', 'b', now())",
    ):
        conn.execute(statement, given)


def readable(conn, role):
    rows = conn.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = ANY(%s) AND c.relkind IN ('r', 'v', 'm') AND has_table_privilege(%s, c.oid, 'SELECT')",
        [list(OURS), role],
    )
    found = [f"{space}.{table}" for space, table in rows.fetchall()]
    return [table for table in found if not table.startswith("market.") and table not in MARKETS]


def counts(conn, tables):
    return {table: conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


@pytest.mark.parametrize("role", ROLES)
def test_a_workspace_sees_its_own_rows_of_everything_granted_and_nobody_sees_any_without_one(two_tenants, role):
    database, ids = two_tenants
    with database.connect() as conn:
        tables = readable(conn, role)
        assert {2} == set(counts(conn, tables).values()), "the owner sees both"
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        for workspace, seen in ((None, 0), (ids[0], 1), (ids[1], 1), ("", 0)):
            if workspace is not None:
                conn.execute("SELECT set_config('lead_pipeline.workspace_id', %s, false)", [str(workspace)])
            assert dict.fromkeys(tables, seen) == counts(conn, tables)
        conn.execute("SELECT set_config('lead_pipeline.workspace_id', %s, false)", [str(ids[0])])
        owners = conn.execute("SELECT DISTINCT workspace_id FROM core.lead_overview").fetchall()
        assert [(ids[0],)] == owners
        for function in ("get_leads_by_intent_score(%s, 'hot')", "get_leads_ready_for_upload(%s, 'cold')"):
            assert [] == conn.execute(f"SELECT * FROM core.{function}", [ids[1]]).fetchall()
        assert [] == conn.execute("SELECT * FROM core.get_platform_upload_stats(%s)", [ids[1]]).fetchall()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_write_nothing_and_reads_no_raw_drop(two_tenants, role):
    database, ids = two_tenants
    with database.connect() as conn:
        conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        conn.execute("SELECT set_config('lead_pipeline.workspace_id', %s, false)", [str(ids[0])])
        for statement in (
            "SELECT 1 FROM raw.drops",
            "UPDATE core.leads SET city = 'x'",
            "DELETE FROM core.lead_routing_rules",
            "INSERT INTO core.queries (workspace_id, name) VALUES (core.current_workspace(), 'mine')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)
