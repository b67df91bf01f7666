"""What analysts see of the intake: the marts over webhooks, supplier leads, files and repairs, and the CRM's views.

Leads of every kind are made by the step that decides events; the drops whose times matter are inserted as they are.
"""

import datetime as dt
import json
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from lead_pipeline.steps.decide_events import decide_pending_events
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from tests.integration.warehouse import build

pytestmark = pytest.mark.integration

DAY = dt.date(2026, 3, 2)
NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


def lead(number: int, industry: str) -> dict[str, Any]:
    return {
        "email": f"person{number}@company{number}.com",
        "first_name": "Ada",
        "last_name": "Moreau",
        "company_name": f"Company {number}",
        "company_industry": industry,
        "company_location": {"state": "California", "country": "US"},
    }


def arrive(world: Any, kind: str, source: str, body: bytes, event_type: str | None = None, **more: Any) -> int:
    with connect(world.url) as conn:
        drop_id, _ = land(
            conn,
            Landing(
                source=source,
                kind=kind,
                external_id=sha256(body).hexdigest(),
                workspace_id=more.pop("workspace_id", world.one("SELECT workspace_id FROM core.workspaces LIMIT 1")),
                day=DAY,
                received_at=NOON,
                body_sha256=sha256(body).hexdigest(),
                body=body,
                event_type=event_type,
                **more,
            ),
        )
    return drop_id


def crm_event(world: Any, number: int, *, stage: str, minute: int = 0, **more: Any) -> int:
    columns = {
        "hook_action": "on_create_lead",
        "error": None,
        "settled_at": None,
        "received_at": NOON + dt.timedelta(minutes=minute),
        **more,
    }
    return world.one(
        """
        INSERT INTO raw.drops (source, kind, event_type, external_id, body, body_sha256, day, received_at, stage, error,
            settled_at)
        VALUES ('c2s', 'webhook', %s, %s, '', repeat('0', 64), %s, %s, %s, %s, %s) RETURNING drop_id
        """,
        columns["hook_action"],
        f"event/{number}/lead-{number}",
        columns["received_at"].date(),
        columns["received_at"],
        stage,
        columns["error"],
        columns["settled_at"],
    )


def taken_up(world: Any, drop_id: int, at: dt.datetime) -> None:
    """Have an event need nothing more."""
    world.execute("INSERT INTO core.crm_events (drop_id, verdict, noted_at) VALUES (%s, 'no_action', %s)", drop_id, at)


def test_an_event_of_the_crm_shows_what_became_of_it(world: Any) -> None:
    done = NOON + dt.timedelta(seconds=4)
    crm_event(world, 1, stage="landed")
    taken_up(world, crm_event(world, 2, stage="routed", settled_at=NOON), done)
    crm_event(world, 3, stage="kept", settled_at=done, hook_action="on_close_lead")
    crm_event(world, 4, stage="quarantined", settled_at=done, error="it names no workspace")
    crm_event(world, 5, stage="routed", settled_at=NOON)
    assert [
        ("on_create_lead", "pending", NOON, None, None),
        ("on_create_lead", "completed", NOON, done, None),
        ("on_close_lead", "completed", NOON, done, None),
        ("on_create_lead", "failed", NOON, done, "it names no workspace"),
        ("on_create_lead", "pending", NOON, None, None),
    ] == world.rows(
        "SELECT hook_action, status, received_at, processed_at, error_message FROM core.webhook_events ORDER BY drop_id"
    )


def test_the_latest_events_are_the_last_ten_newest_first(world: Any) -> None:
    drops = [crm_event(world, number, stage="landed", minute=number // 2) for number in range(12)]
    expected = [(drop,) for drop in reversed(drops)][:10]
    assert expected == world.rows("SELECT drop_id FROM core.latest_webhook_events")


def test_the_marts_count_leads_of_every_kind_and_bear_events_without_a_workspace(world: Any, tmp_path: Path) -> None:
    def text(value: Any) -> bytes:
        return json.dumps(value).encode()

    batch = {"event_type": "leads.batch", "leads": [lead(1, "Technology"), lead(2, "Technology")]}
    arrive(world, "webhook", "datashopper", text(batch), "leads.batch")
    crm = {"hook_action": "on_create_lead", "id": "7", "attributes": {"customer": {"name": "Ada", "email": "a@b.com"}}}
    arrive(world, "webhook", "c2s", text(crm), "on_create_lead")
    homeless = {"event_type": "leads.single", "lead": lead(9, "Finance")}
    arrive(world, "webhook", "datashopper", text(homeless), "leads.single", workspace_id=None)
    supplied = {"campaignId": "c", "categoryId": "k", "data": lead(3, "Finance")}
    arrive(world, "supplier_lead", "supplier", text(supplied))
    fixed = {"email": "person4@company4.com", "company_name": "Company 4", "company_industry": "Technology"}
    arrive(world, "repair", "repair", text({"drop_id": 1, "row_no": 0, "row": fixed}))
    decide_pending_events(world.url, DAY, Run("test", clock=lambda: NOON))
    taken_up(world, world.one("SELECT drop_id FROM raw.drops WHERE source = 'c2s'"), NOON)
    crm_event(world, 100, stage="landed")
    world.execute("UPDATE raw.drops SET settled_at = received_at + interval '3 seconds' WHERE settled_at IS NOT NULL")
    world.execute(
        "INSERT INTO raw.intake_counts VALUES ('c2s', 'landed', %s, 3), ('c2s', 'invalid_signature', %s, 1)", NOON, NOON
    )

    built = build(world, tmp_path, "--vars", json.dumps({"as_of": "2026-03-03T00:00:00+00:00"}))
    assert not built.failures, built.log

    assert [("c2s", 1), ("datashopper", 2), ("repair", 1), ("supplier", 1)] == world.rows(
        "SELECT source, count(*) FROM analytics.fct_leads GROUP BY 1 ORDER BY 1"
    )
    assert [(DAY, 5, 4, Decimal("80.00"))] == world.rows("SELECT * FROM analytics.routing_daily")
    assert [("Money", 1, 1), ("Seller", 1, 1), ("Tech", 3, 3)] == world.rows(
        "SELECT workspace_name, lead_count, leads_this_week FROM analytics.workspace_lead_distribution ORDER BY 1"
    )
    assert [("Money", True, 1), ("Seller", False, 1), ("Tech", True, 3)] == world.rows(
        "SELECT destination_workspace_name, is_routed, lead_count FROM analytics.routing_distribution ORDER BY 1"
    )
    three = Decimal("3.0")
    assert [
        ("c2s", "on_create_lead", 2, 0, 1, 1, 1, 0, three, three),
        ("datashopper", "leads.batch", 1, 0, 0, 2, 2, 0, three, three),
        ("datashopper", "leads.single", 1, 1, 0, 1, 0, 1, three, three),
        ("repair", "repair", 1, 0, 0, 1, 1, 0, three, three),
        ("supplier", "supplier_lead", 1, 0, 0, 1, 1, 0, three, three),
    ] == world.rows(
        "SELECT source, event_type, drops, refused_drops, waiting_drops, received_rows, accepted_rows, "
        "quarantined_rows, median_seconds_to_settle, p95_seconds_to_settle FROM analytics.intake_daily ORDER BY 1, 2"
    )
    assert [(DAY, "on_create_lead", 2, 1, 0, 1, Decimal("50.0"))] == world.rows("SELECT * FROM analytics.c2s_daily")
    quarter = Decimal("25.00")
    assert [("invalid_signature", 1, quarter, quarter), ("landed", 3, Decimal("75.00"), quarter)] == world.rows(
        "SELECT outcome, requests, outcome_rate, signature_failure_rate FROM analytics.intake_requests_daily ORDER BY 1"
    )
