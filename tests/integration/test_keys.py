"""API keys, suppliers and rate limits in a real store: shown once, scoped, revoked at once, agreed on by everybody."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from lead_pipeline.errors import KeyRefused, LimitReached, NotFound
from lead_pipeline.steps.keys import create_key, require_key, revoke_key
from lead_pipeline.store.api_keys import list_keys
from lead_pipeline.store.connections import connect
from lead_pipeline.store.rate_limits import take
from lead_pipeline.store.suppliers import list_suppliers, save_supplier
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HEADER = "Authorization: Bearer sk_..."


@pytest.fixture
def conn(database):
    with database.connect() as opened:
        owner = save_workspace(opened, slug="acme", name="Acme", plan="pro")
        save_supplier(opened, workspace_id=owner, name="Leads Ltd", categories=["life", "auto"])
        yield opened


def make(conn, *scopes, supplier=None, name="test", now=NOON, workspace="acme"):
    return create_key(conn, workspace=workspace, name=name, scopes=scopes, supplier=supplier, now=now)


def require(database, key, scope, now=NOON):
    return require_key(database.url, key, scope, header=HEADER, now=now)


def test_a_key_is_shown_once_and_only_its_hash_is_kept(conn, database):
    made = make(conn, "upload")
    assert made.key.startswith("sk_")
    assert 46 == len(made.key)
    stored = conn.execute("SELECT k::text, length(key_hash), prefix FROM core.api_keys k").fetchone()
    assert made.key not in stored[0]
    assert (32, made.key[:10]) == stored[1:]
    found = require(database, made.key, "upload")
    assert (made.key_id, "acme", "pro", None) == (found.key_id, found.workspace, found.plan, found.supplier_id)


def test_a_key_does_what_it_was_made_for_and_nothing_else(conn, database):
    made = make(conn, "upload", "admin")
    require(database, made.key, "admin")
    with pytest.raises(KeyRefused, match="scope admin, upload, not ingest") as refused:
        require(database, made.key, "ingest")
    assert refused.value.is_known


@pytest.mark.parametrize("key", [None, "", "sk_", "sk_unknown", "Bearer", "sk_" + "x" * 500, "sk_\x00", "sk_\ud800é"])
def test_what_is_no_key_is_refused_as_unknown(conn, database, key):
    with pytest.raises(KeyRefused) as refused:
        require(database, key, "upload")
    assert not refused.value.is_known


def test_a_revoked_key_is_refused_from_the_next_request_on_as_if_it_had_never_been(conn, database):
    made = make(conn, "upload")
    assert made.key_id == revoke_key(conn, made.key[:8], now=NOON).key_id
    with pytest.raises(KeyRefused, match="not known, or was revoked") as refused:
        require(database, made.key, "upload")
    assert not refused.value.is_known
    revoke_key(conn, made.key_id, now=NOON + timedelta(days=1))
    assert [NOON] == [key.revoked_at for key in list_keys(conn)]


def test_an_ambiguous_prefix_revokes_nothing_and_lists_the_keys(conn):
    first, second = make(conn, "upload"), make(conn, "admin")
    with pytest.raises(KeyRefused, match=r"2 keys begin with 'sk_'.*Name one by its id") as refused:
        revoke_key(conn, "sk_", now=NOON)
    assert first.key_id in str(refused.value)
    assert second.key_id in str(refused.value)
    with pytest.raises(NotFound, match="no key ''"):
        revoke_key(conn, "", now=NOON)
    assert {None} == {key.revoked_at for key in list_keys(conn)}


def test_a_key_for_ingest_needs_a_supplier_of_that_very_workspace(conn, database):
    with pytest.raises(KeyRefused, match="belongs to a supplier"):
        make(conn, "ingest")
    save_workspace(conn, slug="other", name="Other")
    with pytest.raises(NotFound, match=r"no supplier 'Leads Ltd'.*It has none yet"):
        make(conn, "ingest", supplier="Leads Ltd", workspace="other")
    made = make(conn, "ingest", supplier="Leads Ltd")
    found = require(database, made.key, "ingest")
    assert ("Leads Ltd", ["auto", "life"]) == (found.supplier, found.permitted_categories)


def test_a_supplier_that_is_not_active_may_not_send_and_may_again_when_it_is(conn, database):
    owner = save_workspace(conn, slug="acme", name="Acme")
    made = make(conn, "ingest", supplier="Leads Ltd")
    save_supplier(conn, workspace_id=owner, name="Leads Ltd", categories=["life"], is_active=False)
    with pytest.raises(KeyRefused, match="'Leads Ltd' is not active"):
        require(database, made.key, "ingest")
    save_supplier(conn, workspace_id=owner, name="Leads Ltd", categories=["life"])
    assert ["life"] == require(database, made.key, "ingest").permitted_categories
    assert [("Leads Ltd", ["life"])] == [(one.name, one.permitted_categories) for one in list_suppliers(conn)]


@pytest.mark.parametrize("scopes", [(), ("everything",), ("upload", "root")])
def test_a_scope_that_there_is_none_of_makes_no_key(conn, scopes):
    with pytest.raises(KeyRefused, match="give one or more of upload, ingest, admin"):
        make(conn, *scopes)
    assert [] == list_keys(conn)


def test_the_last_use_is_noted_at_most_once_a_minute(conn, database):
    made, seen = make(conn, "upload"), []
    for seconds in (0, 1, 59, 60, 61, 125):
        require(database, made.key, "upload", NOON + timedelta(seconds=seconds))
        seen.append((list_keys(conn)[0].last_used_at - NOON).total_seconds())
    assert [0, 0, 0, 60, 60, 125] == seen


def test_an_allowance_refills_evenly_and_never_beyond_its_burst(conn):
    def taken(seconds, times):
        """How many of so many requests at one instant are let through."""
        through = 0
        for _ in range(times):
            try:
                take(conn, "k", per_minute=60, burst=5, now=NOON + timedelta(seconds=seconds))
                through += 1
            except LimitReached as limit:
                assert 0 < limit.retry_after <= 1
        return through

    assert [5, 0, 1, 2, 5] == [taken(0, 9), taken(0.9, 9), taken(1, 9), taken(3, 9), taken(1000, 9)]


def test_whoever_waits_as_long_as_told_is_let_through(conn):
    now = NOON
    for _ in range(20):
        try:
            take(conn, "k", per_minute=37, burst=3, now=now)
        except LimitReached as limit:
            now += timedelta(seconds=limit.retry_after, microseconds=1)
            take(conn, "k", per_minute=37, burst=3, now=now)


def test_a_clock_that_is_set_back_locks_nobody_out(conn):
    for _ in range(5):
        take(conn, "k", per_minute=60, burst=5, now=NOON)
    take(conn, "k", per_minute=60, burst=5, now=NOON - timedelta(hours=1))
    with pytest.raises(LimitReached):
        for _ in range(5):
            take(conn, "k", per_minute=60, burst=5, now=NOON - timedelta(hours=1))


def test_one_callers_allowance_is_not_anothers(conn):
    take(conn, "a", per_minute=1, burst=1, now=NOON)
    take(conn, "b", per_minute=1, burst=1, now=NOON)
    with pytest.raises(LimitReached):
        take(conn, "a", per_minute=1, burst=1, now=NOON)


def test_many_at_once_never_take_more_than_there_is(conn, database):
    through, lock = [], threading.Lock()

    def worker():
        with connect(database.url, autocommit=True) as own:
            for _ in range(20):
                try:
                    take(own, "k", per_minute=60, burst=30, now=NOON)
                except LimitReached:
                    continue
                with lock:
                    through.append(1)

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert 30 == len(through)
