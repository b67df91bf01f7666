"""Rules in force, remembered by their version: never those of a version that was undone, or is still being written."""

import pytest

from lead_pipeline.store.rule_sets import current_rules
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration


@pytest.fixture
def conn(database):
    with database.connect() as connection:
        yield connection


@pytest.fixture
def owner(conn):
    return save_workspace(conn, slug="acme", name="Acme")


def add(conn, owner, name):
    conn.execute(
        "INSERT INTO core.lead_routing_rules (workspace_id, rule_name, destination_workspace_id) VALUES (%s, %s, %s)",
        [owner, name, owner],
    )


def names(conn, owner):
    rules, versions = current_rules(conn, [owner])
    return sorted(rules["rule_name"]), versions[owner]


def test_a_change_is_seen_by_the_next_question(conn, owner):
    assert ([], 0) == names(conn, owner)
    add(conn, owner, "a")
    assert [(["a"], 1)] * 2 == [names(conn, owner) for _ in range(2)]
    add(conn, owner, "b")
    assert (["a", "b"], 2) == names(conn, owner)
    conn.execute("DELETE FROM core.lead_routing_rules WHERE rule_name = 'a' AND valid_to IS NULL")
    assert (["b"], 3) == names(conn, owner)


def test_a_number_that_was_undone_and_given_again_has_its_new_rules(conn, owner):
    class Undone(Exception):
        pass

    with pytest.raises(Undone), conn.transaction():
        add(conn, owner, "undone")
        assert (["undone"], 1) == names(conn, owner)
        add(conn, owner, "undone too")
        assert (["undone", "undone too"], 1) == names(conn, owner), "one transaction is one version"
        raise Undone
    assert ([], 0) == names(conn, owner)
    add(conn, owner, "kept")
    assert (["kept"], 1) == names(conn, owner)


def test_another_connection_sees_a_version_when_it_is_committed(conn, owner, database):
    with database.connect() as other, other.transaction():
        add(other, owner, "a")
        assert ([], 0) == names(conn, owner)
    assert (["a"], 1) == names(conn, owner)
