"""Rules in a real Postgres: history by plain SQL, versions under concurrency, loading a file, isolation."""

import threading
from pathlib import Path

import psycopg
import pytest

from lead_pipeline.domain.routing import RULE_COLUMNS, route_leads
from lead_pipeline.errors import RulesRefused
from lead_pipeline.steps.load_rules import load_rules
from lead_pipeline.store.rule_sets import current_rules
from lead_pipeline.store.rules import (
    RuleChanges,
    rule_set_version,
    rules_at,
    save_rules,
)

pytestmark = pytest.mark.integration
RULES = Path(__file__).parents[1] / "data" / "rules"


@pytest.fixture
def conn(database):
    with database.connect() as connection:
        yield connection


@pytest.fixture
def ids(conn):
    slugs = ["master", "service-industry", "real-estate-northeast"]
    found = conn.execute(
        "INSERT INTO core.workspaces (slug, name) SELECT s, s FROM unnest(%s::text[]) s "
        "RETURNING slug, workspace_id::text",
        [slugs],
    )
    return dict(found.fetchall())


def insert(conn, ids, name, **values):
    row = {"priority": 0, "owner": "master"} | values
    conn.execute(
        "INSERT INTO core.lead_routing_rules (workspace_id, rule_name, priority, destination_workspace_id) "
        "VALUES (%s, %s, %s, %s)",
        [ids[row["owner"]], name, row["priority"], ids["service-industry"]],
    )


def a_row(ids, name, **values):
    return {
        "rule_name": name,
        "priority": 0,
        "conditions": {"countries": ["US"]},
        "destination_workspace_id": ids["service-industry"],
        "actions": {"assign_to_workspace": True},
        "is_active": True,
    } | values


def names_at(conn, ids, version):
    rules = rules_at(conn, ids["master"], version)
    return {
        name: (number, priority, on)
        for name, number, priority, on in zip(
            rules["rule_name"], rules["version"], rules["priority"], rules["is_active"], strict=True
        )
    }


def test_every_change_by_plain_sql_keeps_the_older_rules(conn, ids):
    insert(conn, ids, "a", priority=1)
    conn.execute("UPDATE core.lead_routing_rules SET priority = 2 WHERE rule_name = 'a' AND valid_to IS NULL")
    conn.execute("UPDATE core.lead_routing_rules SET is_active = false WHERE valid_to IS NULL")
    conn.execute("DELETE FROM core.lead_routing_rules WHERE valid_to IS NULL")
    expected = [{}, {"a": (1, 1, True)}, {"a": (2, 2, True)}, {"a": (3, 2, False)}, {}]
    assert expected == [names_at(conn, ids, version) for version in range(5)]
    frame, versions = current_rules(conn, [ids["master"]])
    assert (0, {ids["master"]: 4}) == (len(frame), versions)
    assert list(RULE_COLUMNS) == list(frame.columns)


def test_one_transaction_is_one_version_whatever_it_touches(conn, ids):
    insert(conn, ids, "a")
    with conn.transaction():
        insert(conn, ids, "b")
        insert(conn, ids, "c")
        with conn.transaction():
            conn.execute("UPDATE core.lead_routing_rules SET priority = priority + 1 WHERE valid_to IS NULL")
        conn.execute("DELETE FROM core.lead_routing_rules WHERE valid_to IS NULL AND rule_name = 'a'")
    assert 2 == rule_set_version(conn, ids["master"])
    assert {"a": (1, 0, True)} == names_at(conn, ids, 1)
    assert {"b": (2, 1, True), "c": (2, 1, True)} == names_at(conn, ids, 2)


def test_a_transaction_that_is_undone_leaves_no_version(conn, ids):
    with conn.transaction(force_rollback=True):
        insert(conn, ids, "a")
    assert 0 == rule_set_version(conn, ids["master"])


def test_history_can_be_neither_changed_nor_deleted_nor_written_by_closing_a_rule(conn, ids):
    insert(conn, ids, "a", priority=1)
    conn.execute("UPDATE core.lead_routing_rules SET priority = 2 WHERE valid_to IS NULL")
    with pytest.raises(psycopg.errors.RaiseException, match="is history"):
        conn.execute("UPDATE core.lead_routing_rules SET priority = 9 WHERE valid_to IS NOT NULL")
    with pytest.raises(psycopg.errors.RaiseException, match="not closed by hand"):
        conn.execute("UPDATE core.lead_routing_rules SET valid_to = now() WHERE valid_to IS NULL")
    conn.execute("DELETE FROM core.lead_routing_rules WHERE valid_to IS NOT NULL")
    assert [{"a": (1, 1, True)}, {"a": (2, 2, True)}] == [names_at(conn, ids, v) for v in (1, 2)]


def test_a_workspace_takes_its_rules_and_their_history_with_it(conn, ids):
    insert(conn, ids, "a")
    conn.execute("UPDATE core.lead_routing_rules SET priority = 2 WHERE valid_to IS NULL")
    conn.execute("DELETE FROM core.workspaces WHERE slug = 'master'")
    assert (0,) == conn.execute("SELECT count(*) FROM core.lead_routing_rules").fetchone()


def test_two_transactions_at_once_get_two_versions(database, conn, ids):
    insert(conn, ids, "first")
    with database.connect() as late:
        late.execute("BEGIN")
        late.execute("SELECT now()")
        with conn.transaction():
            conn.execute("UPDATE core.lead_routing_rules SET priority = 1 WHERE valid_to IS NULL")
            changing = threading.Thread(
                target=late.execute,
                args=["UPDATE core.lead_routing_rules SET priority = 2 WHERE valid_to IS NULL"],
            )
            changing.start()
            changing.join(0.3)
            assert changing.is_alive(), "the second transaction waits for the first"
        changing.join(10)
        late.execute("COMMIT")
    assert [1, 2] == [names_at(conn, ids, v)["first"][1] for v in (2, 3)]
    negative = conn.execute("SELECT count(*) FROM core.lead_routing_rules WHERE valid_to < valid_from")
    assert (0,) == negative.fetchone()


def test_two_saves_of_the_same_rules_in_opposite_order_do_not_deadlock(database, conn, ids):
    names = [f"r{n}" for n in range(50)]
    save_rules(conn, ids["master"], [a_row(ids, name) for name in names])
    failures = []

    def save(order, priority):
        with database.connect() as own:
            try:
                for step in range(5):
                    rows = [a_row(ids, name, priority=priority + step) for name in order]
                    save_rules(own, ids["master"], rows)
            except psycopg.Error as error:
                failures.append(error)

    threads = [threading.Thread(target=save, args=a) for a in ((names, 100), (names[::-1], 200))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [] == failures
    assert 11 == rule_set_version(conn, ids["master"])


def test_saving_touches_only_what_changed(conn, ids):
    first = [a_row(ids, "a"), a_row(ids, "b"), a_row(ids, "c")]
    assert RuleChanges(3, 0, 0, 0) == save_rules(conn, ids["master"], first)
    assert RuleChanges(0, 0, 3, 0) == save_rules(conn, ids["master"], first)
    assert 1 == rule_set_version(conn, ids["master"])
    second = [a_row(ids, "a"), a_row(ids, "b", priority=7), a_row(ids, "d")]
    assert RuleChanges(1, 1, 1, 0) == save_rules(conn, ids["master"], second)
    assert {"a": 1, "b": 2, "c": 1, "d": 1} == {n: v[0] for n, v in names_at(conn, ids, 2).items()}
    assert RuleChanges(0, 0, 3, 1) == save_rules(conn, ids["master"], second, replace=True)
    assert {"a", "b", "d"} == set(names_at(conn, ids, 3))


def test_the_example_file_is_loaded_and_routes(conn, ids):
    loaded = load_rules(conn, RULES / "service-industry.yaml", workspace=None)
    assert (ids["master"], 1, RuleChanges(2, 0, 0, 0), []) == (
        loaded.workspace_id,
        loaded.rule_set_version,
        loaded.changes,
        loaded.warnings,
    )
    again = load_rules(conn, RULES / "service-industry.yaml", workspace=ids["master"])
    assert (1, RuleChanges(0, 0, 2, 0)) == (again.rule_set_version, again.changes)
    rules, _ = current_rules(conn, None)
    leads = rules.iloc[:1][["workspace_id"]].assign(
        industry="Plumbing", industry_group=None, country="US", region="West", state="CA"
    )
    assert ids["service-industry"] == route_leads(leads, rules)["destination_id"].iloc[0]


def test_an_unknown_destination_refuses_the_whole_file(conn, ids):
    with pytest.raises(RulesRefused, match=r"'service-industri'.*mean 'service-industry'.*Known: master, real-est"):
        load_rules(conn, RULES / "bad-destination.yaml", workspace=None)
    assert 0 == rule_set_version(conn, ids["master"])


@pytest.mark.parametrize(
    ("workspace", "words"),
    [
        ("nobody", "no workspace has the slug or id 'nobody'"),
        ("service-industry", "rules of 'master', not of"),
    ],
)
def test_a_file_goes_to_the_workspace_that_it_names(conn, ids, workspace, words):
    with pytest.raises(RulesRefused, match=words):
        load_rules(conn, RULES / "service-industry.yaml", workspace=workspace)


def test_the_api_role_sees_its_own_rules_and_the_owner_sees_all(conn, ids):
    insert(conn, ids, "mine")
    insert(conn, ids, "theirs", owner="real-estate-northeast")
    assert {"mine", "theirs"} == set(current_rules(conn, None)[0]["rule_name"])
    with conn.transaction():
        conn.execute("SET LOCAL ROLE lead_pipeline_api")
        assert 0 == len(current_rules(conn, None)[0])
        conn.execute("SELECT set_config('lead_pipeline.workspace_id', %s, true)", [ids["master"]])
        frame, versions = current_rules(conn, None)
        assert (["mine"], {ids["master"]: 1}) == (list(frame["rule_name"]), versions)
        assert 0 == len(rules_at(conn, ids["real-estate-northeast"], 1))
    with pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
        conn.execute("SET LOCAL ROLE lead_pipeline_api")
        conn.execute("UPDATE core.lead_routing_rules SET priority = 1")
