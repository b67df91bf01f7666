"""`core.leads` under two writers at once: who loses the race for a lead records a sighting, and nobody fails."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from lead_pipeline.steps.validate_rows import commit_rows, validate_rows
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land, read_drop
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def landed(conn, workspace, name):
    landing = Landing(
        source="csv", kind="csv", external_id=name, workspace_id=workspace, day=date(2026, 3, 1), received_at=NOW,
        body_sha256="0" * 64, blob_path=name,
    )  # fmt: skip
    return read_drop(conn, land(conn, landing)[0])


def rows_of(drop, *emails):
    frame = pd.DataFrame({"email": pd.Series(emails, dtype="str")})
    return validate_rows(frame.assign(drop_id=np.int64(drop.drop_id), row_no=np.arange(len(emails))), [drop])


def test_a_writer_that_loses_the_race_for_a_lead_keeps_its_others_and_records_a_sighting(database):
    with database.connect() as conn:
        workspace = save_workspace(conn, slug="race", name="Race")
        first, second = landed(conn, workspace, "first"), landed(conn, workspace, "second")
    ours = rows_of(first, "a@example.com", "b@example.com", "c@example.com")
    theirs = rows_of(second, "d@example.com", "c@example.com", "B@example.com")

    def commit_theirs():
        with connect(database.url) as conn, conn.transaction():
            return commit_rows(conn, theirs).counts

    with connect(database.url) as conn, ThreadPoolExecutor(1) as pool:
        with conn.transaction():
            commit_rows(conn, ours)
            waiting = pool.submit(commit_theirs)  # it sees none of ours, and waits at the first that is alike
            with database.connect() as watcher:
                deadline = time.monotonic() + 20
                while not blocked(watcher) and time.monotonic() < deadline:
                    time.sleep(0.02)
                assert blocked(watcher)
        counts = waiting.result(20)
    assert (1, 2, 0) == (counts.accepted, counts.duplicate, counts.quarantined)
    with database.connect() as conn:
        assert 4 == conn.execute("SELECT count(*) FROM core.leads").fetchone()[0]
        sightings = "SELECT s.row_no, l.drop_id FROM core.lead_sightings s JOIN core.leads l USING (lead_id) ORDER BY 1"
        assert [(1, first.drop_id), (2, first.drop_id)] == conn.execute(sightings).fetchall()


def blocked(conn):
    return conn.execute(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    ).fetchone()[0]
