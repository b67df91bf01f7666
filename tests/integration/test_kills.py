"""Runs that are killed with SIGKILL at any moment: nothing is lost, nothing half done, nothing sent or charged twice.

LEAD_PIPELINE_KILLS says how many runs are killed (50): about half of them after a commit or an answer, each in
turn, the others at random moments. LEAD_PIPELINE_SEED repeats a campaign.
"""

import csv
import datetime as dt
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lead_pipeline.settings import SANDBOX_KEY
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.seed import seed
from lead_pipeline.store.upload_jobs import job_of_drop
from tests.integration.conftest import SEAL

pytestmark = [pytest.mark.integration, pytest.mark.slow]

KILLS = int(os.environ.get("LEAD_PIPELINE_KILLS", "50"))
SEED = int(os.environ.get("LEAD_PIPELINE_SEED", "1"))
ROWS = 20_000
CHUNK_ROWS = 500
STRIDE = max(1, 100 // KILLS)


def until_killed_often_enough(
    nursery: Any, job: str, arguments: Callable[[int], dict[str, Any]], *, wanted: int, longest: float
) -> int:
    """Begin one piece of work after the other, each again and again until it is done. Returns how many there were.

    A run lives at most `longest` times as long as a whole one takes. It begins where the last one stopped, so each
    piece is killed early and late.
    """
    chance = random.Random(SEED)
    whole = nursery.run(job, **arguments(0))
    assert 0 == whole["code"]
    kills, pieces = 0, 1
    while kills < wanted:
        order, is_done = arguments(pieces), False
        while not is_done:
            moment = chance.uniform(0, longest * whole["seconds"]) if kills < wanted else None
            told = nursery.run(job, kill_after=moment, **order)
            kills, is_done = kills + told["killed"], not told["killed"]
            assert told["killed"] or told["code"] == 0, "a run that nobody killed failed; its words are above"
        pieces += 1
    return pieces


class Days:
    """Days one after the other, each with a workspace and queries of its own, so that all of its leads are new."""

    def __init__(self, world: Any, topics: tuple[str, ...], limit: int) -> None:
        self._world, self._topics, self._limit = world, topics, limit

    def begin(self, number: int) -> dict[str, Any]:
        description = {
            "workspaces": [{"slug": f"seller-{number}", "name": "Seller"}],
            "queries_of": f"seller-{number}",
            "queries": [{"name": topic, "filters": {"topic": topic}} for topic in self._topics],
            "rules": {"workspace": f"seller-{number}", "rules": []},
        }
        seed(self._world.url, description, sandbox_url=self._world.sandbox, key=SANDBOX_KEY, seal=SEAL)
        return self.order(number)

    def order(self, number: int) -> dict[str, Any]:
        self._world.execute(
            "UPDATE core.queries SET is_active = (w.slug = %s) FROM core.workspaces w "
            "WHERE w.workspace_id = queries.workspace_id",
            f"seller-{number}",
        )
        return {
            "url": self._world.url,
            "sandbox": self._world.sandbox,
            "day": str(self._day(number)),
            "limit": self._limit,
        }

    def assert_whole(self, numbers: range) -> None:
        self._world.assert_whole(*map(self._day, numbers))
        received = "SELECT sum(received_rows) FROM raw.drops WHERE kind = 'vendor_page'"
        assert len(numbers) * len(self._topics) * self._limit == self._world.one(received)
        noted = "SELECT count(*) FROM core.queries WHERE last_run_at IS NOT NULL"
        assert len(numbers) * len(self._topics) == self._world.one(noted)

    def _day(self, number: int) -> dt.date:
        return self._world.day + dt.timedelta(days=number)


def test_days_whose_runs_are_killed_at_any_moment_are_whole_in_the_end(killable: Any, nursery: Any) -> None:
    days = Days(killable, ("cloud migration", "payments"), limit=8)
    killable.fault("platforms", "lost_answer", every=3)
    pieces = until_killed_often_enough(nursery, "day", days.begin, wanted=KILLS * 3 // 10, longest=1)
    killable.clear_faults()
    killable.wait_until_alone()
    for number in range(pieces):
        assert 0 == nursery.run("day", **days.order(number))["code"]
    days.assert_whole(range(pieces))


def test_a_day_that_is_killed_after_each_commit_and_each_answer_in_turn_is_whole(killable: Any, nursery: Any) -> None:
    days = Days(killable, ("payments",), limit=3)
    killable.fault("platforms", "lost_answer", every=3)
    points = nursery.run("day", **days.begin(0))["points"]
    assert 20 < points
    turns = range(1 + SEED % STRIDE, points + 1, STRIDE)
    for turn, point in enumerate(turns, start=1):
        nursery.run("day", kill_at=point, **days.begin(turn))
        killable.wait_until_alone()
        assert 0 == nursery.run("day", **days.order(turn))["code"]
    killable.clear_faults()
    days.assert_whole(range(len(turns) + 1))


def test_an_import_that_is_killed_goes_on_and_counts_every_row_once(killable: Any, nursery: Any) -> None:
    blobs = str(killable.var / "blobs")
    drops: list[int] = []

    def piece(number: int) -> dict[str, Any]:
        path = killable.var / f"file-{number}.csv"
        write_file(path, number)
        landed = land_csv(killable.url, blobs, path, "seller", reading=Reading(), run=Run("land"))
        drops.append(landed.drop_id)
        return {"url": killable.url, "blobs": blobs, "drop_id": landed.drop_id, "chunk_rows": CHUNK_ROWS}

    until_killed_often_enough(nursery, "file", piece, wanted=KILLS // 5, longest=0.3)
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
            email = {8: f"lead{number}x{ten}x0@example.com", 9: ""}.get(
                place, f"lead{number}x{ten}x{place}@example.com"
            )
            writer.writerow(["Ada Example" if place < 9 else "", email, "BR"])
