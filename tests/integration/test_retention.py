"""What is old leaves the database, archived first; what is young, undelivered or under way stays."""

import datetime as dt
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lead_pipeline.errors import InProgress
from lead_pipeline.orchestration.retention import DRY_RUN
from lead_pipeline.steps import retention
from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.plan_uploads import plan_uploads
from lead_pipeline.steps.replay import replay
from lead_pipeline.steps.retention import JOBS_KEPT, LEADS_KEPT, count_due, remove_due
from lead_pipeline.steps.run import Run
from lead_pipeline.store import retention as store
from lead_pipeline.store.blobs import open_blob
from lead_pipeline.store.connections import connect
from lead_pipeline.store.replay import Chosen
from lead_pipeline.store.retention import PERSONAL_COLUMNS

pytestmark = pytest.mark.integration

EVERYTHING = Chosen()
NOBODY = " AND ".join(f"{column} IS NULL" for column in PERSONAL_COLUMNS)
CSV = "full_name,email\nAda Example,ada@example.com\nBob,not an address\nCy,also no address\n"
DAY = dt.timedelta(days=1)


def blobs(world: Any) -> str:
    return str(Path(world.var) / "blobs")


def received(world: Any) -> dt.datetime:
    return world.one("SELECT max(received_at) FROM raw.drops")


def year_later(world: Any) -> dt.datetime:
    return received(world) + LEADS_KEPT + DAY


def remove(world: Any, now: dt.datetime, **more: Any) -> dict[str, int]:
    return remove_due(world.url, blobs(world), Run("retention", lambda: now), **more)


def due(world: Any, now: dt.datetime) -> dict[str, int]:
    totals: Counter[str] = Counter()
    for one in count_due(world.url, now):
        totals[one.kind] += one.count
    return dict(totals)


def some(removed: dict[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in removed.items() if count}


def delivered(world: Any) -> int:
    return world.one("SELECT count(*) FROM outbound.platform_uploads WHERE status = 'confirmed'")


def load_file(world: Any) -> int:
    path = Path(world.var) / "leads.csv"
    path.write_text(CSV)
    landed = land_csv(world.url, blobs(world), path, "seller", reading=Reading(), run=Run("land"))
    import_csv(world.url, blobs(world), landed.drop_id, Run("import"))
    return landed.drop_id


def replayed(world: Any) -> Any:
    found = replay(world.url, blobs(world), EVERYTHING)
    assert found.is_identical, found.differences
    return found


def test_a_job_goes_91_days_after_it_ended_and_its_drop_and_its_leads_stay(world: Any) -> None:
    drop_id = load_file(world)
    ended = world.one("SELECT completed_at FROM core.bulk_upload_jobs")
    before = world.table_sizes()
    assert {} == due(world, ended + JOBS_KEPT - DAY) == some(remove(world, ended + JOBS_KEPT - DAY))
    assert {"bulk_upload_jobs": 1} == due(world, ended + JOBS_KEPT + DAY)
    assert {"bulk_upload_jobs": 1} == some(remove(world, ended + JOBS_KEPT + DAY))
    assert {**before, "core.bulk_upload_jobs": 0} == world.table_sizes()
    assert drop_id == load_file(world)
    assert before == world.table_sizes(), "who sends the file again has its job again, and nothing else"
    replayed(world)


def test_a_job_that_is_under_way_stays_however_old(world: Any) -> None:
    load_file(world)
    world.execute("UPDATE core.bulk_upload_jobs SET status = 'processing', completed_at = NULL")
    assert {} == some(remove(world, year_later(world)))


def test_delivered_leads_are_archived_after_a_year_and_their_facts_stay(world: Any) -> None:
    world.run_day()
    count = delivered(world)
    kept = "SELECT lead_id, workspace_id, fingerprint, type, industry, country, state, region, day FROM core.leads"
    facts, before = world.rows(f"{kept} ORDER BY 1"), world.table_sizes()
    full = dict(world.rows("SELECT l.lead_id::text, to_jsonb(l) FROM core.leads l"))
    contacts = world.one("SELECT count(*) FROM core.lead_contacts c JOIN outbound.platform_uploads u USING (lead_id)")
    early = received(world) + LEADS_KEPT - DAY
    assert {} == due(world, early) == some(remove(world, early))

    now = year_later(world)
    expected = due(world, now)
    assert (count, contacts, count) == tuple(expected[k] for k in ("leads", "lead_contacts", "upload_payloads"))
    assert expected == some(remove(world, now, at_once=3))

    assert facts == world.rows(f"{kept} ORDER BY 1")
    archived = world.rows("SELECT lead_id::text, blob_path, run_id, archived_at FROM core.archived_leads")
    assert {("retention", now)} == {(run_id, at) for *_, run_id, at in archived}
    assert count == len(archived) == world.one(f"SELECT count(*) FROM core.leads WHERE {NOBODY}")
    after = world.table_sizes()
    assert {"core.archived_leads", "core.lead_contacts"} == {name for name in after if after[name] != before[name]}
    assert {"{}"} == {text for (text,) in world.rows("SELECT payload::text FROM outbound.platform_uploads")}
    lines = [
        json.loads(line)
        for blob in {path for _, path, *_ in archived}
        for line in open_blob(blobs(world), blob).read().splitlines()
    ]
    assert {lead_id: full[lead_id] for lead_id, *_ in archived} == {
        line["lead"]["lead_id"]: line["lead"] for line in lines
    }
    assert contacts == sum(len(line["contacts"] or []) for line in lines)
    assert all(line["upload"]["payload"] and line["enrichments"][0]["vendor"] == "clay" for line in lines)


def test_leads_that_nobody_received_keep_everything_and_so_does_their_drop(world: Any) -> None:
    world.run_day()
    load_file(world)
    undelivered = f"""
        SELECT count(*) FROM core.leads l WHERE {NOBODY.replace(" AND ", " AND l.")}
            AND NOT EXISTS (SELECT 1 FROM outbound.platform_uploads u WHERE u.lead_id = l.lead_id)
    """
    remove(world, year_later(world))
    assert 0 == world.one(undelivered)
    assert 0 == world.one(
        "SELECT count(*) FROM raw.drops d WHERE kind = 'vendor_page' AND body IS NULL AND EXISTS ("
        "SELECT 1 FROM core.leads l LEFT JOIN core.archived_leads a USING (lead_id) "
        "WHERE l.drop_id = d.drop_id AND a.lead_id IS NULL)"
    )


@pytest.mark.parametrize("switch", ['{"archive": false}', '{"archive": "no"}', "false", "null"])
def test_a_workspace_that_switched_it_off_keeps_all_of_its_leads(world: Any, switch: str) -> None:
    world.run_day()
    world.execute(
        "UPDATE core.workspaces SET settings = settings || jsonb_build_object('retention', %s::jsonb)", switch
    )
    assert {} == due(world, year_later(world)) == some(remove(world, year_later(world)))
    world.execute("UPDATE core.workspaces SET settings = jsonb_set(settings, '{retention}', '{\"archive\": true}')")
    assert delivered(world) == remove(world, year_later(world))["leads"]


def test_a_body_goes_once_nothing_else_of_its_drop_is_left_and_a_replay_still_reads_it(world: Any) -> None:
    world.run_day()
    world.execute(
        "INSERT INTO outbound.platform_uploads (lead_id, batch_key, payload, status, settled_at) "
        "SELECT lead_id, (SELECT min(batch_key) FROM outbound.upload_batches), '{\"x\": 1}', 'confirmed', now() "
        "FROM core.leads ON CONFLICT DO NOTHING"
    )
    bodies = dict(world.rows("SELECT drop_id, body FROM raw.drops WHERE received_rows > 0 OR kind = 'vendor_answer'"))
    removed = remove(world, year_later(world))
    moved = dict(world.rows("SELECT drop_id, blob_path FROM raw.drops WHERE body IS NULL"))
    assert set(bodies) == set(moved)
    assert len(moved) == removed["drop_bodies"]
    assert bodies == {drop: open_blob(blobs(world), blob).read() for drop, blob in moved.items()}
    assert world.rows("SELECT drop_id, body_sha256 FROM raw.drops WHERE body IS NULL ORDER BY 1") == sorted(
        moved.items()
    )
    found = replayed(world)
    assert found.archived_leads == removed["leads"] == world.one("SELECT count(*) FROM core.leads")
    assert found.archived_bodies == world.one(
        "SELECT count(*) FROM raw.drops WHERE kind = 'vendor_page' AND body IS NULL"
    )


def test_settled_rows_lose_their_content_and_waiting_ones_keep_theirs(world: Any) -> None:
    load_file(world)
    world.execute(
        "UPDATE core.quarantined_rows SET status = 'discarded', settled_at = now(), settled_by = 'test' "
        "WHERE row_no = 1"
    )
    old = world.one("SELECT row FROM core.quarantined_rows WHERE row_no = 1")
    removed = remove(world, year_later(world))
    assert 1 == removed["quarantined_rows"]
    row, reasons = world.rows("SELECT row, reasons FROM core.quarantined_rows WHERE row_no = 1")[0]
    assert old == json.loads(open_blob(blobs(world), row["archived"]).read())["row"]
    assert [None] * len(reasons) == [reason["value"] for reason in reasons]
    assert all(reason["check"].startswith("invalid_email") for reason in reasons)
    assert "also no address" in str(world.one("SELECT row FROM core.quarantined_rows WHERE row_no = 2"))
    assert 1 == replayed(world).archived_rows
    assert {} == some(remove(world, year_later(world)))


def test_a_run_that_dies_between_blob_and_transaction_loses_nothing(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run_day()
    now, before = year_later(world), world.rows("SELECT * FROM core.leads ORDER BY 1")

    def die(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    for name in ("forget_leads", "move_bodies"):
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(retention.store, name, die)
            remove(world, now)
        if name == "forget_leads":
            assert before == world.rows("SELECT * FROM core.leads ORDER BY 1")
            left = {path.name for path in Path(blobs(world)).iterdir()}
            assert 1 == len(left)
        replayed(world)
    remove(world, now)
    assert left <= {blob for (blob,) in world.rows("SELECT DISTINCT blob_path FROM core.archived_leads")}
    assert delivered(world) == replayed(world).archived_leads


def test_a_second_run_finds_nothing_and_one_at_a_time_is_enough(world: Any) -> None:
    world.run_day()
    now = year_later(world)
    with connect(world.url, autocommit=True) as session, store.held(session), pytest.raises(InProgress):
        remove(world, now)
    assert delivered(world) == remove(world, now)["leads"]
    files = sorted(Path(blobs(world)).iterdir())
    assert {} == due(world, now) == some(remove(world, now))
    assert files == sorted(Path(blobs(world)).iterdir())


def test_an_archived_lead_is_neither_a_new_one_nor_enriched_nor_uploaded_when_it_comes_again(world: Any) -> None:
    world.run_day()
    remove(world, year_later(world))
    effects, leads = world.effects(), world.one("SELECT count(*) FROM core.leads")
    world.execute("UPDATE core.queries SET last_run_at = NULL")
    world.run_day(world.day)
    archived = {lead for (lead,) in world.rows("SELECT lead_id::text FROM core.archived_leads")}
    again = Path(world.var) / "again.csv"
    page = world.one("SELECT max(blob_path) FROM core.archived_leads")
    domains = {json.loads(line)["lead"]["domain"] for line in open_blob(blobs(world), page).read().splitlines()}
    again.write_text(
        "company_name,website\n" + "".join(f"Again,{domain}\n" for domain in sorted(filter(None, domains)))
    )
    landed = land_csv(world.url, blobs(world), again, "seller", reading=Reading(), run=Run("land"))
    counts = import_csv(world.url, blobs(world), landed.drop_id, Run("import"))
    assert (0, len(list(filter(None, domains)))) == (counts.accepted, counts.duplicate)
    assert 0 == plan_uploads(world.url, world.day, Run("again"))
    assert (effects, leads) == (world.effects(), world.one("SELECT count(*) FROM core.leads"))
    assert 0 == world.one("SELECT count(*) FROM core.lead_contacts JOIN core.archived_leads USING (lead_id)")
    assert (
        len(archived) == world.one(f"SELECT count(*) FROM core.leads WHERE {NOBODY}") == replayed(world).archived_leads
    )


@pytest.mark.parametrize("applies", ["false", "true"])
def test_the_job_counts_and_removes_only_where_the_settings_say_so(
    world: Any, dagster: Any, monkeypatch: pytest.MonkeyPatch, applies: str
) -> None:
    from dagster import Definitions

    from lead_pipeline.orchestration.resources import Pipeline
    from lead_pipeline.orchestration.retention import JOBS

    world.run_day()
    long_ago = "UPDATE {} SET received_at = received_at - interval '2 years'"
    world.execute(long_ago.format("core.leads"))
    monkeypatch.setenv("RETENTION_APPLIES", applies)
    defs = Definitions(jobs=JOBS, resources={"pipeline": Pipeline()})
    done = defs.resolve_job_def("retention").execute_in_process(instance=dagster)
    assert done.success
    outputs = done.filter_events(lambda event: event.event_type_value == "STEP_OUTPUT")
    said = {event.step_key: event.step_output_data.metadata for event in outputs}
    counted, removed = (
        {name: entry.value for name, entry in said[step].items()}
        for step in ("count_what_is_due", "remove_what_is_due")
    )
    assert delivered(world) == counted["leads"]
    if applies == "true":
        assert counted["leads"] == removed["leads"]
        assert {} == due(world, dt.datetime.now(dt.UTC))
    else:
        assert DRY_RUN == removed["removed"]
        assert 0 == world.one("SELECT count(*) FROM core.archived_leads")
