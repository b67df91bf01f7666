"""What must hold however often, in whatever order and beside whom a step runs: bounds, identity, files."""

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lead_pipeline.errors import InProgress
from lead_pipeline.steps.import_csv import import_csv, import_pending
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.pull_companies import pull_companies
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.validate_pages import validate_pages
from lead_pipeline.store import drops
from lead_pipeline.store.connections import connect
from lead_pipeline.vendors.datashopper import SearchPage

pytestmark = pytest.mark.integration

GOOD = "Full Name,Email\nAda Example,ada@example.com\nBob Example,bob@example.com\n"


class Moody:
    """A company search whose pages have other companies, and other sizes, each time that it is asked."""

    def __init__(self, *sizes: int) -> None:
        self._sizes, self._asked = sizes, 0

    def search(self, *_: Any) -> SearchPage:
        self._asked += 1
        size = self._sizes[self._asked % len(self._sizes)]
        companies = [
            {"name": f"Company {self._asked}-{row}", "website": f"c{self._asked}x{row}.example"} for row in range(size)
        ]
        return SearchPage(json.dumps({"companies": companies}).encode(), companies, f"after {self._asked}", {})


def land_file(world: Any, name: str, content: bytes) -> int:
    path = Path(world.var) / name
    path.write_bytes(content)
    return land_csv(world.url, blobs(world), path, "seller", reading=Reading(), run=Run("land")).drop_id


def blobs(world: Any) -> str:
    return str(Path(world.var) / "blobs")


def test_runs_side_by_side_do_not_take_more_than_the_bound_together(world: Any) -> None:
    world.execute("UPDATE core.queries SET is_active = (name = 'payments')")

    def pull(number: int) -> int:
        vendor = Moody(number + 3, 25, 2)
        return sum(
            done.companies
            for done in pull_companies(world.url, vendor, world.day, Run(f"r{number}"), limit=50, concurrency=1)
        )

    with ThreadPoolExecutor(8) as pool:
        together = sum(pool.map(pull, range(8)))
    validate_pages(world.url, world.day)
    taken = "SELECT sum(received_rows) FROM raw.drops WHERE kind = 'vendor_page'"
    assert (50, 50) == (together, world.one(taken))


def test_a_lead_that_two_pages_bring_is_of_the_first_however_they_are_grouped(world: Any) -> None:
    first = [{"name": f"Filler {row}", "website": f"f{row}.example"} for row in range(3)] + [
        {"name": "Twice", "website": "twice.example"}
    ]
    second = [{"name": "Twice", "website": "twice.example"}]

    class TwoPages:
        def search(self, _: Any, cursor: str | None) -> SearchPage:
            page = first if cursor is None else second
            return SearchPage(json.dumps({"companies": page}).encode(), page, "2" if cursor is None else None, {})

    world.execute("UPDATE core.queries SET is_active = (name = 'payments')")
    pull_companies(world.url, TwoPages(), world.day, Run("r"), limit=50, concurrency=1)
    validate_pages(world.url, world.day)
    origin = (
        "SELECT l.row_no, d.headers ->> 'page' FROM core.leads l JOIN raw.drops d USING (drop_id) "
        "WHERE l.domain = 'twice.example'"
    )
    assert [(3, "0")] == world.rows(origin)


def test_a_file_that_another_process_imports_is_left_to_it(world: Any) -> None:
    drop_id = land_file(world, "a.csv", GOOD.encode())
    today = dt.datetime.now(dt.UTC).date()
    with connect(world.url, autocommit=True) as other, drops.held(other, drop_id):
        assert 0 == import_pending(world.url, blobs(world), today, Run("r")).received
        with pytest.raises(InProgress, match="Let it finish"):
            import_csv(world.url, blobs(world), drop_id, Run("r"))
    assert 2 == import_pending(world.url, blobs(world), today, Run("r")).accepted


def test_imports_of_one_file_at_the_same_time_count_its_rows_once(world: Any) -> None:
    rows = "".join(f"Ada Example,a{row}@example.com\n" for row in range(3000))
    drop_id = land_file(world, "a.csv", f"Full Name,Email\n{rows}".encode())

    def one(_: int) -> Any:
        try:
            return import_csv(world.url, blobs(world), drop_id, Run("r"), chunk_rows=200)
        except InProgress as busy:
            return busy

    with ThreadPoolExecutor(3) as pool:
        done = [result for result in pool.map(one, range(3)) if not isinstance(result, InProgress)]
    assert done
    assert {3000} == {counts.accepted for counts in done}
    assert 3000 == world.one("SELECT count(*) FROM core.leads")


def test_a_file_that_cannot_be_read_to_its_end_holds_up_neither_the_day_nor_the_other_files(
    world: Any, dagster: Any
) -> None:
    lost = land_file(world, "lost.csv", GOOD.replace("Ada", "Eve").encode())
    [[blob]] = world.rows("SELECT blob_path FROM raw.drops WHERE drop_id = %s", lost)
    land_file(world, "good.csv", GOOD.encode())
    (Path(blobs(world)) / blob).rename(Path(blobs(world)) / "elsewhere")
    today = dt.datetime.now(dt.UTC).date()
    result = world.run_job(dagster, day=today)
    assert result.success
    assert [] == [event for event in result.all_events if event.is_step_up_for_retry]
    assert ["no_file_failed"] == [
        check.check_name for check in result.get_asset_check_evaluations() if not check.passed
    ]
    assert [("good.csv", "routed"), ("lost.csv", "landed")] == world.rows(
        "SELECT headers ->> 'file_name', stage FROM raw.drops WHERE kind = 'csv' ORDER BY 1"
    )
    assert [("failed",)] == world.rows("SELECT status FROM core.bulk_upload_jobs WHERE drop_id = %s", lost)
    (Path(blobs(world)) / "elsewhere").rename(Path(blobs(world)) / blob)
    again = world.run_job(dagster, name="bulk_upload_process", day=today)
    assert again.success, [e.event_specific_data.error_display_string for e in again.all_events if e.is_step_failure]
    assert {True} == {check.passed for check in again.get_asset_check_evaluations()}
    assert [("completed",)] == world.rows("SELECT DISTINCT status FROM core.bulk_upload_jobs")


def test_a_query_that_cannot_be_searched_is_told_of_and_the_others_reach_the_platforms(
    world: Any, dagster: Any
) -> None:
    world.execute("UPDATE core.queries SET filters = '{\"topics\": 1}' WHERE name = 'payments'")
    result = world.run_job(dagster)
    assert result.success
    assert [] == [event for event in result.all_events if event.is_step_up_for_retry]
    [failed] = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert ("no_query_failed", ["payments"]) == (failed.check_name, list(failed.metadata["queries"].value))
    world.assert_whole()
    assert world.effects()


def test_a_query_that_fails_three_times_no_longer_holds_up_the_others(
    world: Any, dagster: Any, monkeypatch: Any
) -> None:
    from lead_pipeline.errors import VendorUnavailable
    from lead_pipeline.vendors.datashopper import DataShopper

    search = DataShopper.search

    def search_unless_payments(client: DataShopper, params: Any, cursor: str | None) -> SearchPage:
        if params["topic"] == "payments":
            raise VendorUnavailable("payments are closed")
        return search(client, params, cursor)

    monkeypatch.setattr(DataShopper, "search", search_unless_payments)
    result = world.run_job(dagster)
    assert result.success
    assert 2 == len([event for event in result.all_events if event.is_step_up_for_retry])
    [failed] = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert {"payments": "payments are closed"} == failed.metadata["queries"].value
    world.assert_whole()
    assert world.effects()


def test_when_every_query_is_refused_the_run_fails_at_once(world: Any, dagster: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("DATASHOPPER_API_KEY", "refused")
    monkeypatch.setenv("DATASHOPPER_API_URL", f"{world.sandbox}/datashopper/v1")
    result = world.run_job(dagster)
    assert not result.success
    assert [] == [event for event in result.all_events if event.is_step_up_for_retry]
    assert 0 == world.one("SELECT count(*) FROM raw.drops WHERE source = 'datashopper'")


def test_a_days_leads_have_the_same_ids_when_they_are_made_again_from_the_drops(world: Any) -> None:
    world.run_day()
    made = "SELECT lead_id, workspace_id, drop_id, row_no, fingerprint FROM core.leads"
    first = pd.DataFrame(world.rows(made)).sort_values(0, ignore_index=True)
    world.execute("TRUNCATE core.leads, core.lead_sightings, core.quarantined_rows")
    world.execute(
        "UPDATE raw.drops SET stage = 'landed', received_rows = 0, accepted_rows = 0, duplicate_rows = 0, "
        "quarantined_rows = 0 WHERE kind = 'vendor_page'"
    )
    validate_pages(world.url, world.day)
    pd.testing.assert_frame_equal(first, pd.DataFrame(world.rows(made)).sort_values(0, ignore_index=True))
