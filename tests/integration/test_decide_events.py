"""Landed events to leads: every source, refused whole, poisoned, raced, and the day's checks on what comes of it."""

import datetime as dt
import hashlib
import json
import threading

import pytest
from psycopg.types.json import Jsonb

from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.domain.webhooks import read_envelope
from lead_pipeline.errors import PermanentError
from lead_pipeline.steps import decide_events
from lead_pipeline.steps.decide_events import decide_now, decide_pending_events
from lead_pipeline.steps.repair import by_recipe, repair
from lead_pipeline.steps.run import Run
from lead_pipeline.store import day_checks
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.enrichments import unplanned_leads
from lead_pipeline.store.quarantine import RowFilter
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
DAY = dt.date(2026, 3, 2)
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
RUN = Run("test", clock=lambda: NOON)


@pytest.fixture
def store(database):
    with database.connect() as conn:
        save_workspace(conn, slug="seller", name="Seller", country="US")
        save_workspace(conn, slug="brazil", name="Brazil", country="BR")
        save_workspace(conn, slug="tech", name="Tech")
        conn.execute(
            "INSERT INTO core.lead_routing_rules (workspace_id, rule_name, conditions, destination_workspace_id) "
            "SELECT s.workspace_id, 'Technology', %s, t.workspace_id FROM core.workspaces s, core.workspaces t "
            "WHERE s.slug = 'seller' AND t.slug = 'tech'",
            [Jsonb({"industries": ["Technology"]})],
        )
        yield database, conn


def drop(conn, body, *, source="datashopper", kind="webhook", workspace="seller"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = conn.execute("SELECT workspace_id FROM core.workspaces WHERE slug = %s", [workspace]).fetchone()
    external_id = read_envelope(source, raw).external_id if kind == "webhook" else hashlib.sha256(raw).hexdigest()
    landing = Landing(
        source=source, kind=kind, external_id=external_id, workspace_id=found and found[0], day=DAY, received_at=NOON,
        body=raw, body_sha256=hashlib.sha256(raw).hexdigest(), event_type=read_envelope(source, raw).event_type,
    )  # fmt: skip
    return land(conn, landing)[0]


def single(number, **lead):
    return {"event_type": "leads.single", "event_id": f"e{number}", "lead": {**person(number), **lead}}


def person(number):
    return {"full_name": f"Ada Byron {number}", "email": f"ada{number}@engines.example.com", "phone": "212 555 2368"}


def stages(conn):
    return dict(conn.execute("SELECT drop_id, stage FROM raw.drops").fetchall())


def assert_whole(conn):
    assert day_checks.unaccounted_drops(conn, DAY).empty
    for table in ("core.intent_scores", "core.lead_assignments"):
        assert 0 == day_checks.undecided_leads(conn, DAY, table)


def test_a_webhook_lead_is_validated_scored_and_routed_at_once(store):
    database, conn = store
    signals = [{"signal_type": "pricing_page", "signal_strength": "high"}] * 3
    first = drop(conn, single(1, company_industry="Software", signals=signals))
    assert Accounting(accepted=1) == decide_pending_events(database.url, DAY, RUN)
    assert {first: "routed"} == stages(conn)
    assert [("hot", "tech", "Matched rule: Technology")] == conn.execute(
        "SELECT intent_score, w.slug, routing_metadata ->> 'routing_reason' FROM core.lead_overview "
        "JOIN core.workspaces w ON w.workspace_id = destination_workspace_id"
    ).fetchall()
    assert_whole(conn)


def test_a_batch_of_many_events_gives_every_row_its_own_place(store):
    database, conn = store
    batch = {"event_type": "import.batch", "leads": [person(1), person(1), "junk", person(2)]}
    of_batch = drop(conn, batch, source="audience-labs")
    of_brazil = drop(conn, single(3, phone="11 98765-4321"), workspace="brazil")
    assert Accounting(3, 1, 1) == decide_pending_events(database.url, DAY, RUN)
    rows = conn.execute("SELECT drop_id, row_no, phone FROM core.leads ORDER BY drop_id, row_no").fetchall()
    assert [(of_batch, 0, "+12125552368"), (of_batch, 3, "+12125552368"), (of_brazil, 0, "+5511987654321")] == rows
    assert [(of_batch, 1)] == conn.execute("SELECT drop_id, row_no FROM core.lead_sightings").fetchall()
    assert [(of_batch, 2)] == conn.execute("SELECT drop_id, row_no FROM core.quarantined_rows").fetchall()
    assert_whole(conn)


def test_only_the_sources_that_are_asked_for_are_decided(store):
    database, conn = store
    other = drop(conn, {"event_type": "import.batch", "leads": [person(1)]}, source="audience-labs")
    mine = drop(conn, single(2))
    clay = drop(conn, {"event_type": "enrichment.completed", "lead_id": "x", "contacts": []}, source="clay")
    decide_pending_events(database.url, DAY, RUN, sources=["datashopper", "clay"])
    assert {other: "landed", mine: "routed", clay: "landed"} == stages(conn)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"\xff\xfe not json", "not JSON"),
        ({"event_type": "leads.unheard_of"}, "unknown event_type"),
        ({"event_type": "leads.batch"}, "without a list"),
        ([1, 2], "no object"),
    ],
)
def test_an_event_that_cannot_be_used_is_kept_whole_with_its_reason(store, body, words):
    database, conn = store
    bad, good = drop(conn, body), drop(conn, single(1))
    assert Accounting(accepted=1, quarantined=1) == decide_pending_events(database.url, DAY, RUN)
    assert {bad: "quarantined", good: "routed"} == stages(conn)
    [(row_no, reasons, error)] = conn.execute(
        "SELECT row_no, reasons, d.error FROM core.quarantined_rows JOIN raw.drops d USING (drop_id)"
    ).fetchall()
    assert decide_events.WHOLE == row_no
    assert words in reasons[0]["check"]
    assert words in error
    assert_whole(conn)


def test_an_event_finds_its_workspace_later_or_says_which_one_is_missing(store):
    database, conn = store
    named = drop(conn, {**single(1), "workspace_id": "newcomer"}, workspace=None)
    nameless = drop(conn, single(2), workspace=None)
    save_workspace(conn, slug="newcomer", name="Newcomer")
    assert Accounting(accepted=1, quarantined=1) == decide_pending_events(database.url, DAY, RUN)
    assert {named: "routed", nameless: "quarantined"} == stages(conn)
    assert (
        "WEBHOOK_WORKSPACE" in conn.execute("SELECT error FROM raw.drops WHERE drop_id = %s", [nameless]).fetchone()[0]
    )
    by_default = drop(conn, single(3), workspace=None)
    decide_pending_events(database.url, DAY, RUN, workspace="tech")
    assert "routed" == stages(conn)[by_default]


def test_one_event_that_cannot_be_decided_is_set_aside_alone(store, monkeypatch):
    database, conn = store
    poison = drop(conn, single(2, full_name="Poison"))
    others = [drop(conn, single(number)) for number in (1, 3, 4)]
    real = decide_events.validate_rows

    def validate(rows, drops):
        if (rows["full_name"] == "Poison").any():
            raise PermanentError("a defect")
        return real(rows, drops)

    monkeypatch.setattr(decide_events, "validate_rows", validate)
    assert Accounting(accepted=3, quarantined=1) == decide_pending_events(database.url, DAY, RUN)
    assert {poison: "quarantined", **dict.fromkeys(others, "routed")} == stages(conn)
    assert_whole(conn)


def test_a_supplier_lead_and_a_repaired_row_take_the_same_way(store):
    database, conn = store
    data = {"firstName": "Ada", "lastName": "Byron", "email": "ada@engines.example.com", "phone": "+1234567890"}
    body = {"campaignId": "c1", "categoryId": "k1", "state": "NY", "quality": "HOT", "data": data}
    lead = drop(conn, body, source="supplier", kind="supplier_lead")
    repaired = drop(
        conn,
        b'{"drop_id": 7, "row_no": 3, "row": {"email": "bea@engines.example.com"}}\n',
        source="repair",
        kind="repair",
    )
    assert Accounting(accepted=2) == decide_now(database.url, [lead, repaired], RUN)
    assert Accounting() == decide_now(database.url, [lead, repaired], RUN)
    [(name, state, claim)] = conn.execute(
        "SELECT full_name, state, attributes ->> 'supplier_quality' FROM core.leads WHERE drop_id = %s", [lead]
    ).fetchall()
    assert ("Ada Byron", "NY", "HOT") == (name, state, claim)


def test_a_repaired_row_of_datashopper_is_enriched_as_if_it_had_been_right_at_once(store):
    database, conn = store
    drop(conn, {"event_type": "leads.batch", "leads": [person(1), person(2) | {"email": "ada at engines"}]})
    drop(
        conn, {"event_type": "import.batch", "leads": [person(3) | {"email": "bea at engines"}]}, source="audience-labs"
    )
    assert Accounting(1, 0, 2) == decide_pending_events(database.url, DAY, RUN)
    assert 1 == len(unplanned_leads(conn, "clay", DAY, 10))
    assert 2 == repair(database.url, by_recipe(database.url, "clear-email", RowFilter()), RUN).repaired
    assert 2 == len(unplanned_leads(conn, "clay", DAY, 10))
    assert_whole(conn)


def test_of_two_processes_at_one_pile_of_events_each_event_is_decided_once(store):
    database, conn = store
    for number in range(300):
        drop(conn, single(number % 150, full_name=f"N{number}") | {"event_id": f"e{number}"})
    totals = []
    threads = [
        threading.Thread(target=lambda: totals.append(decide_pending_events(database.url, DAY, RUN))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Accounting(150, 150, 0) == sum(totals, Accounting())
    assert {"routed"} == set(stages(conn).values())
    assert_whole(conn)
