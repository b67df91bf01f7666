"""Clay's webhooks: completed, failed, late, unknown, raced by a direct answer; whichever came first wins, once."""

import datetime as dt
import hashlib
import json
import threading
from typing import Any

import pytest

from lead_pipeline.domain.enrichment import Person
from lead_pipeline.domain.webhook_rows import ContactResult
from lead_pipeline.steps.decide_events import decide_pending_events
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.settle_contacts import Result, decide_results, name_primary, settle_contacts
from lead_pipeline.store import day_checks, enrichments
from lead_pipeline.store.drops import Drop, Landing, land
from lead_pipeline.store.enrichments import Known
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
DAY = dt.date(2026, 3, 2)
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
RUN = Run("test", clock=lambda: NOON)
PEOPLE = [
    {"full_name": f"Person {number}", "email": f"p{number}@acme.example" if number > 1 else None, "title": "CEO"}
    for number in range(1, 8)
]


@pytest.fixture
def store(database: Any) -> Any:
    with database.connect() as conn:
        for slug in ("seller", "other"):
            save_workspace(conn, slug=slug, name=slug.title(), country="US")
        yield database, conn


def drop(conn: Any, source: str, body: object, workspace: str | None = "seller") -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = conn.execute("SELECT workspace_id FROM core.workspaces WHERE slug = %s", [workspace]).fetchone()
    digest = hashlib.sha256(source.encode() + raw + str(workspace).encode()).hexdigest()
    return land(
        conn,
        Landing(source=source, kind="webhook", external_id=digest, workspace_id=found and found[0], day=DAY,
                received_at=NOON, body=raw, body_sha256=hashlib.sha256(raw).hexdigest()),
    )[0]  # fmt: skip


def lead(store: Any, domain: str = "acme.com", workspace: str = "seller", number: int = 1) -> str:
    """A routed lead, not planned for enrichment yet."""
    database, conn = store
    sent = {"full_name": f"Ann {number}", "email": f"ann{number}@{domain}", "company_name": "Acme", "website": domain}
    drop_id = drop(conn, "datashopper", {"event_type": "leads.single", "lead": sent}, workspace)
    decide_pending_events(database.url, DAY, RUN, sources=["datashopper"])
    return conn.execute("SELECT lead_id::text FROM core.leads WHERE drop_id = %s", [drop_id]).fetchone()[0]


def plan(conn: Any, lead_id: str, status: str = "pending") -> None:
    leads = enrichments.one_lead(conn, lead_id).assign(reason="none" if status == "skipped" else None)
    enrichments.plan(conn, "clay", DAY, leads, now=NOON, run_id="r")
    if status in ("failed", "completed"):
        reason = "it said no" if status == "failed" else None
        conn.execute("UPDATE core.enrichments SET status=%s, reason=%s, settled_at=%s", [status, reason, NOON])


def completed(lead_id: str | None = None, **more: Any) -> dict[str, Any]:
    named = {} if lead_id is None else {"lead_id": lead_id}
    return {"event_type": "enrichment.completed", "contacts": PEOPLE, **named, **more}


def state(conn: Any, lead_id: str) -> tuple[Any, ...] | None:
    return conn.execute(
        "SELECT status, reason, contacts_found, answer_drop_id FROM core.enrichments WHERE lead_id = %s", [lead_id]
    ).fetchone()


def contacts(conn: Any) -> list[tuple[Any, ...]]:
    return conn.execute(
        "SELECT contact_no, email, email_status, is_primary FROM core.lead_contacts ORDER BY lead_id, contact_no"
    ).fetchall()


def settle(store: Any, **more: Any) -> dict[str, int]:
    counts = settle_contacts(store[0].url, DAY, RUN, **more)
    assert day_checks.unaccounted_drops(store[1], DAY).empty
    assert 0 == day_checks.crowded_leads(store[1], DAY)
    assert [] == store[1].execute("SELECT 1 FROM raw.drops WHERE source = 'clay' AND stage = 'landed'").fetchall()
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("before", ["pending", "failed", "skipped", None])
def test_a_completed_event_completes_whatever_is_not_completed(store: Any, before: str | None) -> None:
    conn, lead_id = store[1], lead(store)
    if before is not None:
        plan(conn, lead_id, before)
    sent = drop(conn, "clay", completed(lead_id))
    assert {"completed": 1} == settle(store)
    assert ("completed", None, 5, sent) == state(conn, lead_id)
    expected = [(n, None if n == 1 else f"p{n}@acme.example", None, n == 2) for n in range(1, 6)]
    assert expected == contacts(conn)
    assert ("kept", 0) == conn.execute("SELECT stage, received_rows FROM raw.drops WHERE drop_id=%s", [sent]).fetchone()


def test_a_later_answer_changes_nothing(store: Any) -> None:
    conn, lead_id = store[1], lead(store)
    first = drop(conn, "clay", completed(lead_id))
    settle(store)
    drop(conn, "clay", completed(lead_id, contacts=[{"full_name": "Somebody Else"}]))
    drop(conn, "clay", {"event_type": "enrichment.failed", "lead_id": lead_id, "reason": "no"})
    assert {"late": 2} == settle(store)
    assert ("completed", None, 5, first) == state(conn, lead_id)
    assert 5 == len(contacts(conn))


def test_a_failed_event_fails_only_what_is_pending(store: Any) -> None:
    conn, lead_id = store[1], lead(store)
    event = {"event_type": "enrichment.failed", "lead_id": lead_id, "reason": "no such company"}
    drop(conn, "clay", event)
    assert {"late": 1} == settle(store)
    assert state(conn, lead_id) is None
    plan(conn, lead_id)
    sent = drop(conn, "clay", {**event, "n": 2})
    assert {"failed": 1} == settle(store)
    assert ("failed", "no such company", 0, sent) == state(conn, lead_id)


def test_a_lead_is_found_by_its_companys_domain_in_the_drops_workspace(store: Any) -> None:
    conn, mine, theirs = store[1], lead(store), lead(store, workspace="other")
    drop(conn, "clay", completed(domain="https://www.ACME.com/about"))
    assert {"completed": 1} == settle(store)
    assert "completed" == state(conn, mine)[0]
    assert state(conn, theirs) is None
    drop(conn, "clay", completed(domain="acme.com", n=2), workspace=None)
    assert {"completed": 1} == settle(store, workspace="other")
    assert "completed" == state(conn, theirs)[0]


def test_of_leads_with_one_domain_the_one_that_waits_is_meant(store: Any) -> None:
    conn, first, second = store[1], lead(store, number=1), lead(store, number=2)
    plan(conn, first)
    drop(conn, "clay", completed(domain="acme.com"))
    settle(store)
    assert ("completed", None) == (state(conn, first)[0], state(conn, second))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (completed("018f0000-0000-7000-8000-000000000001"), "Have Clay send back the lead_id"),
        (completed("no uuid", domain="acme.com"), "no lead 'no uuid'"),
        (completed(domain="unknown.com"), "no lead with the domain"),
        (completed(domain="not a domain"), "no lead with the domain"),
        (completed(), "it names no lead"),
        (completed(domain="acme.com", contacts="none"), "not a list"),
        ({"event_type": "enrichment.began", "domain": "acme.com"}, "unknown event_type"),
        (b"\x00", "not JSON"),
        (b"[]", "no object"),
    ],
)
def test_what_nobody_knows_is_refused_whole_with_what_to_do(store: Any, body: object, words: str) -> None:
    conn, lead_id = store[1], lead(store)
    sent = drop(conn, "clay", body)
    assert {"refused": 1} == settle(store)
    stage, error, rows = conn.execute(
        "SELECT stage, error, quarantined_rows FROM raw.drops WHERE drop_id = %s", [sent]
    ).fetchone()
    assert ("quarantined", 1) == (stage, rows)
    assert words in error
    assert [(-1,)] == conn.execute("SELECT row_no FROM core.quarantined_rows WHERE drop_id = %s", [sent]).fetchall()
    assert state(conn, lead_id) is None


def test_a_named_workspace_must_be_the_leads_own(store: Any) -> None:
    conn, lead_id = store[1], lead(store)
    drop(conn, "clay", completed(lead_id, workspace_id="other"), workspace="other")
    assert {"refused": 1} == settle(store)


def test_a_test_event_is_about_no_lead_whichever_it_names(store: Any) -> None:
    conn, lead_id = store[1], lead(store)
    plan(conn, lead_id)
    sent = [
        drop(conn, "clay", {"event_type": "test", "contacts": PEOPLE, **named})
        for named in ({"lead_id": lead_id}, {"domain": "acme.com"}, {"domain": "nobody-has-it.com"}, {})
    ]
    assert {} == settle(store)
    assert "pending" == state(conn, lead_id)[0]
    assert [] == contacts(conn)
    stages = "SELECT DISTINCT stage FROM raw.drops WHERE drop_id = ANY(%s)"
    assert [("kept",)] == conn.execute(stages, [sent]).fetchall()


def test_one_that_cannot_be_stored_is_set_aside_and_holds_up_nobody(store: Any, monkeypatch: Any) -> None:
    conn, lead_id = store[1], lead(store)
    drop(conn, "clay", completed(lead_id))
    bad = drop(conn, "clay", completed(domain="acme.com", poison=True))
    insert = enrichments.leads_of_results

    def poisoned(conn: Any, vendor: str, asked: Any, workspace: str | None) -> Any:
        if any(one.drop_id == bad for one in asked):
            conn.execute("SELECT 'x'::int")
        return insert(conn, vendor, asked, workspace)

    monkeypatch.setattr(enrichments, "leads_of_results", poisoned)
    assert {"completed": 1, "refused": 1} == settle(store)


def test_a_direct_answer_that_is_being_committed_is_waited_for_and_wins(store: Any) -> None:
    database, conn = store
    lead_id = lead(store)
    plan(conn, lead_id)
    drop(conn, "clay", completed(lead_id))
    counts: list[dict[str, int]] = []
    with database.connect() as direct, direct.transaction():
        assert {lead_id: "pending"} == enrichments.lock_states(direct, "clay", [lead_id])
        other = threading.Thread(target=lambda: counts.append(settle(store)))
        other.start()
        other.join(0.5)
        assert other.is_alive()
        direct.execute("UPDATE core.enrichments SET status = 'completed', settled_at = %s", [NOON])
    other.join(10)
    assert [{"late": 1}] == counts
    assert [] == contacts(conn)


def test_events_are_taken_in_order_and_the_last_that_counts_stands() -> None:
    def result(drop_id: int, status: Any) -> Result:
        landed = Drop(drop_id, "clay", "webhook", None, None, None, {}, b"", None, DAY, NOON, "landed", 0)
        return Result(landed, ContactResult("a", None, status, None, ()), Known("a", DAY))

    first_fails = decide_results([result(1, "failed"), result(2, "completed")], {"a": "pending"})
    assert [("completed", 2)] == [(one.status, one.drop_id) for one in first_fails]
    first_wins = decide_results([result(1, "completed"), result(2, "completed")], {"a": "pending"})
    assert [("completed", 1)] == [(one.status, one.drop_id) for one in first_wins]
    assert [] == decide_results([result(1, "failed")], {"a": "skipped"})


def test_without_any_address_nobody_is_primary() -> None:
    people = [Person(name, None, None, None, None) for name in ("A", "B")]
    assert [False, False] == [person.is_primary for person in name_primary(people)]
