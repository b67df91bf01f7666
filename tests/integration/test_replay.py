"""Core tables rebuilt from the raw drops: identical by content and id, and every planted difference is named."""

import datetime as dt
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lead_pipeline.domain.webhooks import read_envelope
from lead_pipeline.errors import FileRefused, InProgress
from lead_pipeline.steps.decide_events import decide_pending_events
from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.load_rules import load_rules
from lead_pipeline.steps.replay import Replayed, replay
from lead_pipeline.steps.run import Run
from lead_pipeline.store import drops
from lead_pipeline.store import replay as store
from lead_pipeline.store.connections import connect
from lead_pipeline.store.replay import Chosen

pytestmark = pytest.mark.integration

HEADER = "full_name,email,phone,company_name,company_industry,company_location_city,company_location_state\n"
FIRST = HEADER + (
    "Ada Example,ada@example.com,+12125550100,Acme,Software,Austin,TX\n"
    "Bob Example,not an address,,,,,\n"
    "Cy,too,many,cells,in,this,row,by,far\n"
    "Ada Example,ADA+news@example.com,,Acme,,,\n"
    "Dee Example,dee@example.com,,Dee Ltd,Banking,Boston,MA\n"
)
SECOND = HEADER + "Ada Example,ada@example.com,,Elsewhere,,Reno,NV\nEve Example,eve@example.com,,,,,\n"
CORE = ("leads", "lead_sightings", "quarantined_rows", "intent_scores", "lead_assignments")
EVERYTHING = Chosen()
SIGNALS = [{"signal_type": "researching_topic", "topic": "payments"}] * 3


def blobs(world: Any) -> str:
    return str(Path(world.var) / "blobs")


def load_file(world: Any, text: str, name: str, **more: Any) -> int:
    path = Path(world.var) / name
    path.write_text(text)
    drop_id = land_csv(world.url, blobs(world), path, "seller", reading=Reading(), run=Run("land")).drop_id
    import_csv(world.url, blobs(world), drop_id, Run("import"), **more)
    return drop_id


def land_event(world: Any, source: str, kind: str, body: bytes, *, workspace: str | None = "seller") -> int:
    with connect(world.url) as conn:
        named = world.rows("SELECT workspace_id FROM core.workspaces WHERE slug = %s", workspace)
        digest = hashlib.sha256(body).hexdigest()
        now = dt.datetime.combine(world.day, dt.time(12), dt.UTC)
        external = read_envelope(source, body).external_id if kind == "webhook" else digest
        return drops.land(
            conn,
            drops.Landing(
                source=source,
                kind=kind,
                external_id=external,
                workspace_id=named[0][0] if named else None,
                day=world.day,
                received_at=now,
                body_sha256=digest,
                body=body,
            ),
        )[0]


def webhook(*leads: dict[str, Any]) -> bytes:
    return json.dumps({"event_type": "leads.batch", "leads": leads}).encode()


def land_events(world: Any) -> None:
    """Two events with leads known and new, a supplier's lead, one of nobody, one that cannot be read, a repair."""
    land_event(
        world,
        "datashopper",
        "webhook",
        webhook(
            {"full_name": "Flo Example", "email": "flo@example.com", "signals": SIGNALS, "industry": "Software"},
            {"full_name": "Ada Example", "email": "ada@example.com"},
            {"email": "broken"},
        ),
    )
    land_event(world, "supplier", "supplier_lead", json.dumps({"data": {"email": "gus@example.com"}}).encode())
    land_event(world, "datashopper", "webhook", webhook({"email": "hal@example.com"}), workspace=None)
    land_event(world, "datashopper", "webhook", b"\x00 no JSON")
    row = {"row": {"full_name": "Bob Example", "email": "bob@example.com"}, "drop_id": 1, "row_no": 1}
    land_event(world, "repair", "repair", json.dumps(row).encode())
    decide_pending_events(world.url, world.day, Run("events"))


def fill(world: Any) -> None:
    """A day of pulls, two files with parties in common, and events."""
    world.run_day()
    load_file(world, FIRST, "first.csv")
    load_file(world, SECOND, "second.csv", chunk_rows=1)
    land_events(world)


def replayed(world: Any, chosen: Chosen = EVERYTHING, **more: Any) -> Replayed:
    return replay(world.url, blobs(world), chosen, **more)


def assert_identical(found: Replayed) -> None:
    assert ([], [], []) == (found.differences, found.changed, found.unreadable)
    assert found.is_identical


def sizes(found: Replayed) -> dict[str, int]:
    return {table.table.removeprefix("core."): table.identical for table in found.tables}


def named(found: Replayed) -> set[tuple[str, str, tuple[str, ...]]]:
    return {(one.table, one.what, one.columns) for one in found.differences}


def test_everything_that_came_in_is_rebuilt_identically_and_nothing_is_left_behind(world: Any) -> None:
    fill(world)
    before = world.table_sizes()
    found = replayed(world)
    assert_identical(found)
    assert {name: before[f"core.{name}"] for name in CORE} == sizes(found)
    assert all(sizes(found).values())
    assert {-1} < {number for (number,) in world.rows("SELECT row_no FROM core.quarantined_rows")}
    assert before == world.table_sizes()
    assert [] == world.rows("SELECT 1 FROM pg_namespace WHERE nspname = 'replay'")


def test_the_rebuilt_tables_can_be_kept_and_a_second_replay_begins_anew(world: Any) -> None:
    load_file(world, FIRST, "first.csv")
    assert_identical(replayed(world, keep=True))
    leads = "SELECT lead_id, email, city, flags, attributes FROM {}.leads ORDER BY 1"
    assert world.rows(leads.format("core")) == world.rows(leads.format("replay"))
    assert_identical(replayed(world))


def test_old_assignments_are_decided_by_the_rules_of_their_time(world: Any) -> None:
    load_file(world, FIRST, "first.csv")
    with connect(world.url, autocommit=True) as conn:
        path = Path(world.var) / "rules.json"
        rule = {"rule_name": "All", "priority": 99, "conditions": {}, "destination": "money"}
        path.write_text(json.dumps({"workspace": "seller", "rules": [rule]}))
        load_rules(conn, path, workspace="seller", replace=True)
    load_file(world, SECOND, "second.csv")
    assert 2 == world.one("SELECT count(DISTINCT rule_set_version) FROM core.lead_assignments")
    assert_identical(replayed(world))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE core.leads SET city = 'Elsewhere' WHERE email = 'dee@example.com'", ("leads", "different", ("city",))),
        ("DELETE FROM core.lead_sightings WHERE row_no = 3", ("lead_sightings", "extra", ())),
        (
            "UPDATE core.intent_scores SET band = 'hot', high_count = 9 WHERE band = 'cold'",
            ("intent_scores", "different", ("band", "high_count")),
        ),
        (
            "UPDATE core.lead_assignments SET destination_id = gen_random_uuid()",
            ("lead_assignments", "different", ("destination_id",)),
        ),
        ("DELETE FROM core.lead_assignments", ("lead_assignments", "extra", ())),
        ("DELETE FROM core.leads WHERE email = 'eve@example.com'", ("leads", "extra", ())),
        ("DELETE FROM core.leads WHERE email = 'ada@example.com'", ("leads", "extra", ())),
        (
            "UPDATE core.quarantined_rows SET reasons = '[{}]' WHERE row_no = 1",
            ("quarantined_rows", "different", ("reasons",)),
        ),
        (
            "INSERT INTO core.lead_sightings SELECT drop_id, 77, lead_id FROM core.leads LIMIT 1",
            ("lead_sightings", "missing", ()),
        ),
    ],
)
def test_a_planted_difference_is_found_and_named(world: Any, change: str, expected: tuple[str, str, Any]) -> None:
    load_file(world, FIRST, "first.csv")
    load_file(world, SECOND, "second.csv")
    assert_identical(replayed(world))
    world.execute(change)
    found = replayed(world)
    table, what, columns = expected
    assert not found.is_identical
    assert (f"core.{table}", what, columns) in named(found)
    assert {f"core.{table}"} == {one.table for one in found.differences}
    assert all(one.key for one in found.differences)


def test_a_drop_whose_bytes_were_edited_is_named_with_what_it_makes_of_them(world: Any) -> None:
    world.run_day()
    [(drop, body)] = world.rows(
        "SELECT drop_id, body FROM raw.drops WHERE kind = 'vendor_page' AND accepted_rows > 1 ORDER BY 1 LIMIT 1"
    )
    page = json.loads(body)
    page["companies"][0]["location"] = {"city": "Nowhere"}
    world.execute("UPDATE raw.drops SET body = %s WHERE drop_id = %s", json.dumps(page).encode(), drop)
    found = replayed(world)
    assert ([drop], False) == (found.changed, found.is_identical)
    world.execute("UPDATE raw.drops SET body = %s WHERE drop_id = %s", b"gone", drop)
    found = replayed(world)
    assert [drop] == found.changed
    assert {"missing"} == {one.what for one in found.differences}


def test_a_file_that_the_blob_store_has_lost_is_left_out_and_said_so(world: Any) -> None:
    lost, kept = load_file(world, FIRST, "first.csv"), load_file(world, SECOND, "second.csv")
    (Path(blobs(world)) / world.one("SELECT blob_path FROM raw.drops WHERE drop_id = %s", lost)).unlink()
    found = replayed(world)
    assert ([lost], [], False) == (found.unreadable, found.differences, found.is_identical)
    assert kept != lost and {"leads", "lead_sightings"} <= {name for name, rows in sizes(found).items() if rows}


def test_days_and_sources_choose_drops_and_a_first_arrival_may_lie_outside(world: Any) -> None:
    fill(world)
    world.run_day(world.day + dt.timedelta(days=1))
    days = [replayed(world, Chosen(since=day, until=day)) for day in (world.day, world.day + dt.timedelta(days=1))]
    sources = [replayed(world, Chosen(sources=(source,))) for source in ("datashopper", "csv", "supplier", "repair")]
    for found in (*days, *sources, replayed(world, Chosen(since=world.day + dt.timedelta(days=2)))):
        assert_identical(found)
    whole = sizes(replayed(world))
    assert whole == {name: sum(sizes(found)[name] for found in sources) for name in CORE}
    assert sizes(replayed(world, Chosen(sources=("csv", "supplier"))))["leads"] > sizes(sources[1])["leads"]


def test_a_file_of_which_a_part_is_imported_is_rebuilt_up_to_there(world: Any) -> None:
    rows = "".join(f"Person {n},p{n}@example.com,,,,,\n" for n in range(30))
    with pytest.raises(FileRefused):
        load_file(world, HEADER + rows + '"' + "x" * 3_000_000, "broken.csv", chunk_rows=7)
    load_file(world, SECOND, "second.csv")
    found = replayed(world)
    assert_identical(found)
    assert world.one("SELECT sum(next_row) FROM raw.drops") == found.rows


def test_of_two_files_imported_at_once_either_may_have_been_first(world: Any) -> None:
    rows = [f"Person {n},p{n}@example.com,,Company {n},,,\n" for n in range(400)]
    started = threading.Barrier(2)

    def load(name: str, text: str) -> None:
        started.wait()
        load_file(world, text, name, chunk_rows=20)

    racers = [
        threading.Thread(target=load, args=("up.csv", HEADER + "".join(rows))),
        threading.Thread(target=load, args=("down.csv", HEADER + "".join(reversed(rows)))),
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert 400 == world.one("SELECT count(*) FROM core.leads")
    assert_identical(replayed(world))


def test_drops_that_wait_or_hold_no_leads_bring_nothing(world: Any) -> None:
    land_event(world, "datashopper", "webhook", webhook({"email": "ada@example.com"}))
    land_event(world, "datashopper", "webhook", b'{"event_type": "test"}')
    found = replayed(world)
    assert_identical(found)
    assert {0} == set(sizes(found).values())


def test_two_replays_at_once_are_one_too_many(world: Any) -> None:
    with connect(world.url) as conn:
        store.begin(conn, Chosen())
        with pytest.raises(InProgress, match="another replay"):
            replayed(world)
        conn.rollback()


def run_python(world: Any, code: str) -> subprocess.CompletedProcess[str]:
    environment = {"DATABASE_URL": world.url, "LEAD_PIPELINE_VAR": str(world.var), "PATH": ""}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


NO_NETWORK = """
import socket, sys
def forbid(event, arguments):
    if event == "socket.__new__" and arguments[1] in (socket.AF_INET, socket.AF_INET6):
        raise SystemExit("a socket to the network was opened")
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        raise SystemExit("a host was looked up")
sys.addaudithook(forbid)
"""


def test_the_command_reports_and_its_exit_code_says_whether_all_is_identical_without_a_call(world: Any) -> None:
    fill(world)
    # What importing opens is not what replaying opens.
    command = (
        f"from lead_pipeline.cli import main, replay\n{NO_NETWORK}\nsys.argv = ['lead-pipeline', 'replay']\nmain()"
    )
    done = run_python(world, command)
    assert 0 == done.returncode, done.stderr
    assert "Identical" in done.stdout and "core.lead_assignments" in done.stdout
    world.execute("UPDATE core.leads SET city = 'Elsewhere' WHERE email = 'dee@example.com'")
    done = run_python(world, command)
    assert 1 == done.returncode
    assert "different" in done.stdout and "city" in done.stdout and "Not identical" in done.stdout


def test_the_step_does_not_even_load_what_could_call_somebody(world: Any) -> None:
    code = "import sys, lead_pipeline.steps.replay as _; print([m for m in sys.modules if m.startswith(({}))])"
    done = run_python(world, code.format("'lead_pipeline.vendors', 'lead_pipeline.channels', 'httpx'"))
    assert ("[]", "") == (done.stdout.strip(), done.stderr)


@pytest.fixture
def sloth(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets a pipeline move on while a replay is between two drops."""
    return lambda: monkeypatch.setattr(store, "_DROPS_AT_ONCE", 1)


def test_what_the_pipeline_does_meanwhile_is_not_seen(world: Any, sloth: Callable[[], None]) -> None:
    load_file(world, FIRST, "first.csv")
    land_event(world, "datashopper", "webhook", webhook({"email": "new@example.com"}))
    sloth()
    moved: list[int] = []

    def move_on(_done: int, _of: int) -> None:
        if not moved:
            moved.append(decide_pending_events(world.url, world.day, Run("meanwhile")).accepted)

    assert_identical(replayed(world, progress=move_on))
    assert [1] == moved
    assert_identical(replayed(world))
