"""Runs that are killed with SIGKILL at any moment: nothing is lost, nothing half done, nothing sent or charged twice.

LEAD_PIPELINE_KILLS says how many runs of each test are killed (50). LEAD_PIPELINE_SEED repeats a campaign.
"""

import csv
import datetime as dt
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lead_pipeline.settings import SANDBOX_KEY
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.seed import seed
from lead_pipeline.store.upload_jobs import job_of_drop

pytestmark = [pytest.mark.integration, pytest.mark.slow]

KILLS = int(os.environ.get("LEAD_PIPELINE_KILLS", "50"))
SEED = int(os.environ.get("LEAD_PIPELINE_SEED", "1"))
SANDBOX = "from lead_pipeline.sandbox.server import serve; serve(port=0, page_size=5, on_ready=lambda u: print(u, flush=True))"
ROWS = 20_000
CHUNK_ROWS = 500
COMPANIES = 8
TOPICS = ("cloud migration", "payments")


class Nursery:
    """Children that do a job and are killed after a while; see nursery.py."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("nursery.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, job: str, kill_after: float | None = None, **arguments: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"job": job, "kill_after": kill_after, "arguments": arguments}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    running = Nursery()
    yield running
    running.close()


@pytest.fixture
def killable(world_at: Callable[[str], Any]) -> Iterator[Any]:
    """A world whose sandbox is a process of its own: it is the witness of what was sent."""
    with subprocess.Popen([sys.executable, "-c", SANDBOX], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield world_at(process.stdout.readline().strip())
        process.terminate()


def until_killed_often_enough(nursery: Nursery, job: str, arguments: Callable[[int], dict[str, Any]]) -> int:
    """Begin one piece of work after the other, each again and again until it is done. Returns how many there were.

    The moments of the kills are spread over the time that a whole run takes: each piece is killed early and late.
    """
    chance = random.Random(SEED)
    whole = nursery.run(job, **arguments(0))
    assert 0 == whole["code"]
    kills, pieces = 0, 1
    while kills < KILLS:
        order = arguments(pieces)
        for _ in range(1000):
            told = nursery.run(job, kill_after=chance.uniform(0, whole["seconds"]), **order)
            kills += told["killed"]
            if not told["killed"]:
                assert 0 == told["code"], "a run that nobody killed failed; its words are above"
                break
        pieces += 1
    return pieces


def wait_until_alone(world: Any) -> None:
    """A server notices a killed client when it next looks at its socket."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    end = time.monotonic() + 10
    while world.one(others) and time.monotonic() < end:
        time.sleep(0.05)


def test_a_day_whose_runs_are_killed_is_whole_in_the_end(killable: Any, nursery: Nursery) -> None:
    def piece(number: int) -> dict[str, Any]:
        """A day with a workspace and queries of its own, so that all of its leads are new."""
        description = {
            "workspaces": [{"slug": f"seller-{number}", "name": "Seller"}],
            "queries_of": f"seller-{number}",
            "queries": [{"name": topic, "filters": {"topic": topic}} for topic in TOPICS],
            "rules": {"workspace": f"seller-{number}", "rules": []},
        }
        platforms = f"{killable.sandbox}/platforms"
        seed(killable.url, description, platforms_url=platforms, platforms_key=SANDBOX_KEY)
        return order(number)

    def order(number: int) -> dict[str, Any]:
        killable.execute(
            "UPDATE core.queries SET is_active = (w.slug = %s) FROM core.workspaces w "
            "WHERE w.workspace_id = queries.workspace_id",
            f"seller-{number}",
        )
        day = killable.day + dt.timedelta(days=number)
        return {"url": killable.url, "sandbox": killable.sandbox, "day": str(day), "limit": COMPANIES}

    pieces = until_killed_often_enough(nursery, "day", piece)
    wait_until_alone(killable)
    for number in range(pieces):
        assert 0 == nursery.run("day", **order(number))["code"]
    killable.assert_whole(*(killable.day + dt.timedelta(days=number) for number in range(pieces)))
    assert pieces * len(TOPICS) * COMPANIES == killable.one(
        "SELECT sum(received_rows) FROM raw.drops WHERE kind = 'vendor_page'"
    )
    assert pieces * len(TOPICS) == killable.one("SELECT count(*) FROM core.queries WHERE last_run_at IS NOT NULL")


def test_an_import_that_is_killed_goes_on_and_counts_every_row_once(killable: Any, nursery: Nursery) -> None:
    blobs = str(killable.var / "blobs")
    drops: list[int] = []

    def piece(number: int) -> dict[str, Any]:
        path = killable.var / f"file-{number}.csv"
        write_file(path, number)
        landed = land_csv(killable.url, blobs, path, "seller", reading=Reading(), run=Run("land"))
        drops.append(landed.drop_id)
        return {"url": killable.url, "blobs": blobs, "drop_id": landed.drop_id, "chunk_rows": CHUNK_ROWS}

    until_killed_often_enough(nursery, "file", piece)
    for drop_id in drops:
        job = vars(job_of_drop_in(killable, drop_id))
        assert ("completed", 1.0, ROWS) == (job["status"], job["progress"], job["total_records"])
        counts = killable.rows(
            "SELECT stage, received_rows, accepted_rows, duplicate_rows, quarantined_rows FROM raw.drops "
            "WHERE drop_id = %s",
            drop_id,
        )
        assert [("routed", ROWS, ROWS * 8 // 10, ROWS // 10, ROWS // 10)] == counts
    leads = len(drops) * ROWS * 8 // 10
    for table in ("core.leads", "core.intent_scores", "core.lead_assignments"):
        assert leads == killable.one(f"SELECT count(*) FROM {table}"), table
    rows = "SELECT count(*), count(DISTINCT (drop_id, row_no)) FROM"
    for table, share in (("core.lead_sightings", 10), ("core.quarantined_rows", 10)):
        assert [(len(drops) * ROWS // share,) * 2] == killable.rows(f"{rows} {table}"), table


def job_of_drop_in(world: Any, drop_id: int) -> Any:
    from lead_pipeline.store.connections import connect

    with connect(world.url, autocommit=True) as conn:
        return job_of_drop(conn, drop_id)


def write_file(path: Path, number: int) -> None:
    """ROWS rows: of ten, eight are new, one was there before and one has nothing to know it by."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Full Name", "Email", "Country"])
        for row in range(ROWS):
            ten, place = divmod(row, 10)
            email = {8: f"lead{number}x{ten}x0@example.com", 9: ""}.get(place, f"lead{number}x{ten}x{place}@example.com")
            writer.writerow(["Ada Example" if place < 9 else "", email, "BR"])
