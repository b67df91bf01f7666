"""Drops to profiles to findings, on a real database: each drop counted once, sealed ones never, nobody in the table."""

import datetime as dt
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lead_pipeline.domain.field_profile import profile_of
from lead_pipeline.orchestration.drift import vendor_drift_schedule
from lead_pipeline.sandbox.clean_stream import clean_day, clean_payload
from lead_pipeline.sandbox.drifting import plant
from lead_pipeline.steps import profile_payloads as step
from lead_pipeline.steps.find_drift import find_drift
from lead_pipeline.steps.profile_payloads import Profiled, profile_payloads
from lead_pipeline.store.field_profiles import Event, read_profiles
from lead_pipeline.store.schema import downgrade, migrate
from tests.integration.warehouse import build

pytestmark = pytest.mark.integration
DAY = dt.date(2026, 3, 2)
CRM = Event("c2s", "on_create_lead")
_INSERT = """
    INSERT INTO raw.drops (source, kind, event_type, external_id, body, body_sha256, day, received_at, headers)
    VALUES (%s, %s, %s, gen_random_uuid()::text, %s, %s, %s, %s, %s)
"""


def land(conn: psycopg.Connection, *bodies: object, day: dt.date = DAY, **more: Any) -> None:
    """Drops of the CRM's webhooks unless told otherwise; objects are sent as JSON."""
    given = {"source": "c2s", "kind": "webhook", "event_type": "on_create_lead", "headers": {}, **more}
    raw = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies]
    noon = dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC)
    rows = [
        [given["source"], given["kind"], given["event_type"], body, hashlib.sha256(body).hexdigest(), day, noon,
         json.dumps(given["headers"])]
        for body in raw
    ]  # fmt: skip
    with conn.cursor() as cursor:
        cursor.executemany(_INSERT, rows)


def payloads(day: dt.date, count: int | None = None) -> list[dict[str, Any]]:
    if count is None:
        return [sent.payload for sent in clean_day(1, "c2s", day, share=0.3)]
    return [clean_payload(1, "c2s", "on_create_lead", day, number).payload for number in range(count)]


@pytest.fixture
def conn(database: Any) -> Any:
    with database.connect() as conn:
        yield conn


@pytest.fixture
def month(database: Any, conn: Any) -> dict[str, int]:
    """Twenty-eight profiled clean days."""
    total = 0
    for ago in range(28, 0, -1):
        day = DAY - dt.timedelta(ago)
        land(conn, *payloads(day), day=day)
        total += profile_payloads(database.url, day).drops
    return {"drops": total}


def counted(conn: psycopg.Connection) -> Any:
    return read_profiles(conn, CRM, DAY, DAY)[DAY]


def test_a_day_is_profiled_as_if_at_once_and_each_drop_once(database: Any, conn: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(step, "_DROPS_AT_ONCE", 7)
    sent = payloads(DAY, 30)
    land(conn, *sent[:20])
    assert Profiled(20) == profile_payloads(database.url, DAY)
    assert Profiled() == profile_payloads(database.url, DAY)
    land(conn, *sent[20:], b"no json", [1, 2])
    assert Profiled(12, unreadable=2) == profile_payloads(database.url, DAY)

    whole, found = profile_of(sent, {}), counted(conn)
    assert whole.payloads == found.payloads
    same = [name for name in vars(whole.fields["$"]) if name != "values"]
    for path, field in whole.fields.items():
        assert [getattr(field, name) for name in same] == [getattr(found.fields[path], name) for name in same], path
    assert 32 == conn.execute("SELECT count(*) FROM raw.profiled_drops").fetchone()[0]


def test_a_run_that_is_killed_in_a_chunk_leaves_nothing_of_it(database: Any, conn: Any, monkeypatch: Any) -> None:
    land(conn, *payloads(DAY, 10))

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(step.field_profiles, "note_profiled", die)
        profile_payloads(database.url, DAY)
    assert 0 == conn.execute("SELECT count(*) FROM raw.field_profiles").fetchone()[0]
    assert Profiled(10) == profile_payloads(database.url, DAY)
    assert 10 == counted(conn).payloads


def test_two_runs_at_once_count_every_drop_once(database: Any, conn: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(step, "_DROPS_AT_ONCE", 3)
    land(conn, *payloads(DAY, 40))
    done: list[Profiled] = []
    threads = [threading.Thread(target=lambda: done.append(profile_payloads(database.url, DAY))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 40 == sum(one.drops for one in done) == counted(conn).payloads


def test_sealed_bodies_files_and_answers_of_other_vendors_are_not_profiled(database: Any, conn: Any) -> None:
    body = {"status": "x"}
    land(conn, body, headers={"sealed": True})
    land(conn, body, source="diretrix", kind="vendor_answer")
    land(conn, body, source="supplier", kind="supplier_lead")
    land(conn, body, source="clay", kind="vendor_answer", event_type="company_contacts")
    land(conn, body, source="datashopper", kind="vendor_page", event_type=None)
    assert Profiled(2) == profile_payloads(database.url, DAY)
    rows = conn.execute("SELECT source, event_type FROM raw.field_profiles WHERE field = '$' ORDER BY 1").fetchall()
    assert [("clay", "company_contacts"), ("datashopper", "vendor_page")] == rows


def test_nobody_of_whom_a_vendor_told_is_in_the_profiles(database: Any, conn: Any) -> None:
    same_person = payloads(DAY, 1) * 60
    land(conn, *payloads(DAY, 60), *same_person)
    profile_payloads(database.url, DAY)
    text = "\n".join(row[0] for row in conn.execute("SELECT f::text FROM raw.field_profiles f"))
    customers = [payload["attributes"]["customer"] for payload in payloads(DAY, 60)]
    told = {str(value) for customer in customers for value in customer.values() if value is not None}
    assert [] == [value for value in told if value in text]
    assert [] == [word for customer in customers for word in customer["name"].split() if word in text]
    assert '"hot"' in text


def test_a_clean_day_has_no_finding_and_a_drifted_one_names_its_field(
    database: Any, conn: Any, month: dict[str, int]
) -> None:
    clean, tomorrow = payloads(DAY, 40), DAY + dt.timedelta(1)
    land(conn, *clean)
    profile_payloads(database.url, DAY)
    quiet = find_drift(database.url, DAY)
    assert ([], 1, {}) == (quiet.findings, quiet.judged, quiet.unjudged)

    land(conn, *(plant("customer-phone-renamed", one) for one in clean), day=tomorrow)
    profile_payloads(database.url, tomorrow)
    [one] = find_drift(database.url, tomorrow).findings
    assert ("attributes.customer.phone", "renamed", tomorrow) == (one.field, one.kind, one.since)
    assert "attributes.customer.telefone" in one.observed


def test_an_event_without_a_past_is_not_judged_and_it_says_why(database: Any, conn: Any) -> None:
    land(conn, *payloads(DAY, 20))
    profile_payloads(database.url, DAY)
    drifts = find_drift(database.url, DAY)
    assert (0, [CRM]) == (drifts.judged, list(drifts.unjudged))
    assert "0 payloads on 0 days before" in drifts.unjudged[CRM]


def test_the_check_warns_with_a_table_and_the_run_goes_on(
    database: Any, conn: Any, month: dict[str, int], monkeypatch: Any
) -> None:
    from lead_pipeline.definitions import pipeline

    monkeypatch.setenv("DATABASE_URL", database.url)
    land(conn, *(plant("price-in-cents", one) for one in payloads(DAY, 40)))
    job = pipeline.get_job_def("vendor_drift")
    result = job.execute_in_process(partition_key=DAY.isoformat())
    assert result.success
    [check] = result.get_asset_check_evaluations()
    assert (False, "WARN") == (check.passed, check.severity.name)
    assert "c2s/on_create_lead attributes.product.price (unit)" in (check.description or "")
    [record] = check.metadata["findings"].records
    assert ("attributes.product.price", "unit", DAY.isoformat()) == tuple(
        record.data[name] for name in ("field", "kind", "since")
    )
    [materialised] = result.asset_materializations_for_node("vendor_field_profiles")
    assert 40 == materialised.metadata["profiled_drops"].value


@pytest.mark.parametrize(("moment", "day"), [("2026-03-02T00:15", "2026-03-01"), ("2026-03-02T01:15", "2026-03-02")])
def test_every_hour_of_a_day_is_looked_at_also_the_last(moment: str, day: str) -> None:
    from dagster import build_schedule_context

    at = dt.datetime.fromisoformat(f"{moment}:00+00:00")
    request: Any = vendor_drift_schedule(build_schedule_context(scheduled_execution_time=at))
    assert (day, moment[:13]) == (request.partition_key, request.run_key)


def test_the_command_profiles_and_shows_the_findings(database: Any, conn: Any, month: dict[str, int]) -> None:
    land(conn, *(plant("customer-email-vanished", one) for one in payloads(DAY, 60)))
    done = subprocess.run(
        [sys.executable, "-c", "from lead_pipeline.cli import main; main()", "drift", "--day", DAY.isoformat()],
        env={**os.environ, "DATABASE_URL": database.url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "vanished" in done.stdout
    assert "1 fields of 1 events; 60 drops were newly counted." in done.stdout


def test_the_migration_goes_down_and_up_again(database: Any, conn: Any) -> None:
    has: Callable[[], Any] = lambda: conn.execute("SELECT to_regclass('raw.field_profiles')::text").fetchone()[0]  # noqa: E731
    assert "raw.field_profiles" == has()
    downgrade(database.url, "20260101000012")
    assert has() is None
    migrate(database.url)
    assert "raw.field_profiles" == has()


def test_the_mart_shows_how_often_a_field_was_there_and_of_which_type(database: Any, conn: Any, tmp_path: Path) -> None:
    land(conn, *payloads(DAY, 30))
    profile_payloads(database.url, DAY)
    built = build(database, tmp_path, "--select", "+vendor_fields_daily")
    assert not built.failures, built.log
    rows = conn.execute(
        "SELECT field, payloads, entries, present_rate, main_type, different_texts FROM analytics.vendor_fields_daily "
        "WHERE field IN ('$', 'attributes.product.price', 'attributes.temperature') ORDER BY field"
    ).fetchall()
    assert [
        ("$", 30, 30, 100, "object", 0),
        ("attributes.product.price", 30, 30, 100, "number", 0),
        ("attributes.temperature", 30, 30, 100, "string", 3),
    ] == rows
    downgrade(database.url, "20260101000012")
    migrate(database.url)
