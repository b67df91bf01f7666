"""CSV files into a real store: every row accounted for, nothing twice, the same ids whatever interrupts it."""

import csv
import io
import json
import random
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.cells import clean_cells
from lead_pipeline.domain.email import ask_library
from lead_pipeline.errors import FileRefused, NotFound
from lead_pipeline.steps.import_csv import import_csv, import_pending
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.load_rules import load_rules
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.leads import quarantined_of_drop
from lead_pipeline.store.schema import migrate
from lead_pipeline.store.upload_jobs import close_job, job_of_drop, routing_of_drop
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SAMPLE = (
    "full_name,email,company_name,company_industry,company_location_state,job_title\n"
    "Jane Doe,jane@acme.example,Acme HVAC,HVAC,NY,Owner\n"
    "John Roe,john@roe.example,Roe Legal,Legal Services,TX,Partner\n"
)
RULES = Path(__file__).parents[1] / "data" / "rules" / "service-industry.yaml"


class Stopped(Exception):
    """What a test raises to stop an import between two chunks."""


@dataclass(frozen=True)
class Desk:
    """One store, one folder of files, one workspace at a time, and a clock that stands still."""

    url: str
    folder: Path
    workspace: str = "acme"

    @property
    def blobs(self):
        return str(self.folder / "blobs")

    def connect(self):
        return connect(self.url, autocommit=True)

    def open(self, slug):
        with self.connect() as conn:
            save_workspace(conn, slug=slug, name=slug)
        return replace(self, workspace=slug)

    def land(self, content, name="leads.csv", **reading):
        path = content
        if not isinstance(content, Path):
            path = self.folder / name
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return land_csv(self.url, self.blobs, path, self.workspace, reading=Reading(**reading), run=a_run())

    def load(self, content, *, chunk_rows=50_000, stop_after=None, **reading):
        """Land and import. Returns the drop's id."""
        drop_id = self.land(content, **reading).drop_id
        self.resume(drop_id, chunk_rows=chunk_rows, stop_after=stop_after)
        return drop_id

    def resume(self, drop_id, *, chunk_rows=50_000, stop_after=None):
        chunks = count(1)

        def progress(_share):
            if next(chunks) == stop_after:
                raise Stopped

        return import_csv(self.url, self.blobs, drop_id, a_run(), progress=progress, chunk_rows=chunk_rows)

    def sums(self, drop_id):
        """Status, then total, successful, duplicate and failed of a job, after proving that the tables agree."""
        with self.connect() as conn:
            job = job_of_drop(conn, drop_id)
            stored = conn.execute(
                """
                SELECT received_rows, (SELECT count(*) FROM core.leads WHERE drop_id = d.drop_id),
                    (SELECT count(*) FROM core.lead_sightings WHERE drop_id = d.drop_id),
                    (SELECT count(*) FROM core.quarantined_rows WHERE drop_id = d.drop_id)
                FROM raw.drops d WHERE drop_id = %s
                """,
                [drop_id],
            ).fetchone()
            seats = conn.execute(
                "SELECT (SELECT count(*) FROM core.leads), count(DISTINCT s.lead_id), count(DISTINCT a.lead_id) "
                "FROM core.intent_scores s FULL JOIN core.lead_assignments a USING (lead_id)"
            ).fetchone()
        told = (job.total_records, job.successful_records, job.duplicate_records, job.failed_records)
        assert stored == told
        assert 1 == len(set(seats)), "every lead is scored and routed, once"
        return (job.status, *told)

    def leads(self, drop_id):
        with self.connect() as conn:
            rows = conn.execute(
                "SELECT row_no, lead_id::text, email FROM core.leads WHERE drop_id = %s ORDER BY row_no", [drop_id]
            )
            return rows.fetchall()

    def everything(self):
        """How many drops, jobs, leads and blobs there are."""
        with self.connect() as conn:
            tables = ("raw.drops", "core.bulk_upload_jobs", "core.leads", "core.quarantined_rows")
            counts = [conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
        blobs = Path(self.blobs)
        return [*counts, len(list(blobs.iterdir())) if blobs.exists() else 0]


def a_run():
    return Run("test-run", clock=lambda: NOON)


def people(numbers):
    """A file of one lead for each number."""
    return "email,company_name\n" + "".join(f"p{number}@firm{number}.example,Firm {number}\n" for number in numbers)


@pytest.fixture
def desk(database, tmp_path):
    return Desk(database.url, tmp_path).open("acme")


def test_both_rows_of_the_documented_sample_import(desk):
    drop = desk.load(SAMPLE)
    assert ("completed", 2, 2, 0, 0) == desk.sums(drop)
    with desk.connect() as conn:
        assert [
            ("Jane Doe", "jane@acme.example", "Acme HVAC", "HVAC", "NY", "Northeast", "Owner", "US", True),
            ("John Roe", "john@roe.example", "Roe Legal", "Legal Services", "TX", "South", "Partner", "US", True),
        ] == conn.execute(
            "SELECT full_name, email, company_name, industry, state, region, job_title, country, country_inferred "
            "FROM core.leads ORDER BY row_no"
        ).fetchall()


def test_the_same_file_again_is_the_same_drop_and_adds_nothing(desk):
    drop, before = desk.load(SAMPLE), desk.everything()
    again = desk.land(SAMPLE, name="renamed.csv")
    assert (drop, False) == (again.drop_id, again.is_new)
    assert 2 == desk.resume(drop).received
    assert before == desk.everything()


def test_a_file_whose_job_is_removed_by_now_gets_its_job_again(desk):
    drop = desk.load(SAMPLE)
    with desk.connect() as conn:
        conn.execute("DELETE FROM core.bulk_upload_jobs")
    assert drop == desk.land(SAMPLE).drop_id
    assert ("completed", 2, 2, 0, 0) == desk.sums(drop)


def test_a_file_whose_imports_keep_dying_is_not_tried_again_with_its_day(desk):
    dead, other = desk.land(SAMPLE).drop_id, desk.land(people(range(3)), name="other.csv").drop_id
    with desk.connect() as conn:
        close_job(conn, dead, now=NOON, error="its run died three times")
        conn.execute("UPDATE core.bulk_upload_jobs SET attempts = 3 WHERE drop_id = %s", [dead])
    assert 3 == import_pending(desk.url, desk.blobs, NOON.date(), a_run()).accepted
    assert ("failed", 0, 0, 0, 0) == desk.sums(dead)
    assert ("completed", 3, 3, 0, 0) == desk.sums(other)


def test_the_same_file_in_another_workspace_is_another_import(desk):
    drop, other = desk.load(SAMPLE), desk.open("other")
    assert ("completed", 2, 2, 0, 0) == other.sums(other.load(SAMPLE))
    assert ("completed", 2, 2, 0, 0) == desk.sums(drop)


def test_the_same_file_read_otherwise_is_another_import_whose_rows_are_duplicates(desk):
    desk.load(SAMPLE)
    again = desk.load(SAMPLE, columns={"company_location_city": "job_title"})
    assert ("completed", 2, 0, 2, 0) == desk.sums(again)


def test_the_same_rows_in_another_order_and_spelling_are_duplicates(desk):
    desk.load(people(range(50)))
    numbers = list(range(50))
    random.Random(7).shuffle(numbers)
    shuffled = people(numbers).replace("p1@firm1.example", "P1+news@FIRM1.example")
    assert ("completed", 50, 0, 50, 0) == desk.sums(desk.load(shuffled))


def test_of_two_alike_in_one_file_the_first_wins_within_and_across_chunks(desk):
    drop = desk.load(people([1, 2, 1, 3, 2, 1]), chunk_rows=4)
    assert ("completed", 6, 3, 3, 0) == desk.sums(drop)
    assert [0, 1, 3] == [row_no for row_no, *_ in desk.leads(drop)]


@pytest.mark.parametrize("stop_after", [1, 2, 3])
def test_a_stopped_import_goes_on_to_the_same_leads_as_an_uninterrupted_one(desk, empty_database, stop_after):
    content = people([*range(30), 3, 4, 5]) + "broken@@example,Firm\nshort\n"
    with pytest.raises(Stopped):
        desk.load(content, chunk_rows=8, stop_after=stop_after)
    drop = desk.land(content).drop_id
    status, total, *_ = desk.sums(drop)
    assert "processing" == status
    assert 0 < total < 35
    desk.resume(drop, chunk_rows=5)
    assert ("completed", 35, 30, 3, 2) == desk.sums(drop)

    migrate(empty_database.url)
    whole = Desk(empty_database.url, desk.folder).open("acme")
    assert desk.leads(drop) == whole.leads(whole.load(content))


def test_the_size_of_a_chunk_does_not_matter(desk):
    content = people([*range(20), *range(5)]) + "x@@y,\n,\n"
    found = []
    for rows in (1, 7, 50_000):
        other = desk.open(f"chunks-{rows}")
        drop = other.load(content, chunk_rows=rows)
        found.append((other.sums(drop), [(row_no, email) for row_no, _, email in other.leads(drop)]))
    assert found[0] == found[1] == found[2]
    assert ("completed", 27, 20, 5, 2) == found[0][0]


def test_two_overlapping_files_at_once_neither_deadlock_nor_lose_a_row(desk):
    files = [list(range(1200)), list(range(400, 1600)), list(range(800, 2000))]
    drops = []
    for number, numbers in enumerate(files):
        random.Random(number).shuffle(numbers)
        drops.append(desk.land(people(numbers), name=f"{number}.csv").drop_id)
    threads = [threading.Thread(target=desk.resume, args=[drop], kwargs={"chunk_rows": 150}) for drop in drops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sums = [desk.sums(drop) for drop in drops]
    assert [("completed", 1200)] * 3 == [one[:2] for one in sums]
    assert (2000, 1600, 0) == tuple(sum(one[place] for one in sums) for place in (2, 3, 4))


def test_the_summary_routes_by_rule_to_three_workspaces(desk):
    for slug in ("master", "service-industry", "real-estate-northeast"):
        desk.open(slug)
    master = replace(desk, workspace="master")
    with desk.connect() as conn:
        load_rules(conn, RULES, workspace=None)
    rows = [("HVAC", "NY"), ("Plumbing", "TX"), ("Legal Services", "NY"), ("Legal Services", "TX"), ("hvac", "NY")]
    content = "email,company_industry,company_location_state\n" + "".join(
        f"p{number}@firm.example,{industry},{state}\n" for number, (industry, state) in enumerate(rows)
    )
    drop = master.load(content)
    assert ("completed", 5, 5, 0, 0) == master.sums(drop)
    with desk.connect() as conn:
        assert {"master": 2, "service-industry": 2, "real-estate-northeast": 1} == routing_of_drop(conn, drop)


def test_refused_rows_are_kept_whole_with_every_reason(desk):
    drop = desk.load("Email,Company,Employees,Note\nno-at-sign,Acme,many,hello\nok@firm.example,Firm,5,\n1,2,3,4,5\n")
    assert ("completed", 3, 1, 0, 2) == desk.sums(drop)
    with desk.connect() as conn:
        first, second = quarantined_of_drop(conn, drop).itertuples(index=False)
    assert ["email", "employee_count"] == sorted(reason["column"] for reason in json.loads(first.reasons))
    assert {"email": "no-at-sign", "company_name": "Acme", "employee_count": "many"} == {
        name: value for name, value in json.loads(first.row).items() if name != "attributes"
    }
    assert {"text": "1,2,3,4,5"} == json.loads(second.row)
    assert "expected 4 fields, found 5" == json.loads(second.reasons)[0]["check"]


def test_a_file_that_cannot_be_read_to_its_end_fails_its_job_and_accounts_for_what_came_before(desk):
    content = people(range(20_000)) + '"' + "x" * 1_200_000 + '",y\n' + people(range(20_000, 20_010)).partition("\n")[2]
    drop = desk.land(content).drop_id
    for attempt in (1, 2):
        with pytest.raises(FileRefused, match="longer than"):
            desk.resume(drop, chunk_rows=5_000)
        status, total, successful, *_ = desk.sums(drop)
        assert ("failed", total) == (status, successful)
        assert 5_000 <= total <= 20_000
        with desk.connect() as conn:
            error, attempts = conn.execute(
                "SELECT error, attempts FROM raw.drops WHERE drop_id = %s", [drop]
            ).fetchone()
            log = conn.execute("SELECT error_log FROM core.bulk_upload_jobs").fetchone()[0]
        assert "longer than" in error
        assert attempt == attempts == len(log)


def test_a_blob_that_is_gone_fails_the_job_by_name_and_its_return_completes_it(desk):
    drop = desk.land(SAMPLE).drop_id
    (blob,) = Path(desk.blobs).iterdir()
    away = blob.rename(desk.folder / "away")
    with pytest.raises(NotFound, match=f"{blob.name}.*BLOB_URL"):
        desk.resume(drop)
    assert ("failed", 0, 0, 0, 0) == desk.sums(drop)
    away.rename(blob)
    desk.resume(drop)
    assert ("completed", 2, 2, 0, 0) == desk.sums(drop)


REFUSED = {
    "xlsx": (b"PK\x03\x04" + b"\x14\x00" * 40, "not a CSV file: this is an xlsx"),
    "gzip": (b"\x1f\x8b\x08" + b"\x00" * 40, "not a CSV file: this is gzip"),
    "null bytes at the end": (SAMPLE.encode() * 20 + b"\x00", "null byte at byte"),
    "null byte far behind the sample": (people(range(20_000)).encode() + b"a\x00,b\n", "null byte at byte"),
    "no usable header": (b"a,b\n1,2\n", "no usable header"),
    "blank header": (b",,\nx@y.example,2,3\n", "no usable header"),
    "header that never ends": (b'email,"name\nx@y.example,2\n', "no usable header"),
    "empty": (b"", "empty file"),
    "only blank lines": (b"\n\r\n  \n", "empty file"),
    "only a byte-order mark": (b"\xef\xbb\xbf", "empty file"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_a_usable_csv_file_is_refused_by_name_and_nothing_is_kept(desk, name):
    content, words = REFUSED[name]
    with pytest.raises(FileRefused, match=words):
        desk.land(content)
    assert [0] * 5 == desk.everything()


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        ({"columns": {"e-mail": "email"}}, "is no column of a lead"),
        ({"columns": {"email": "Mail"}}, "the file has no such column"),
        ({"encoding": "klingon"}, "encoding 'klingon' is not known"),
        ({"delimiter": "ab"}, "delimiter 'ab' cannot be used"),
    ],
)
def test_a_wrong_way_of_reading_is_refused_by_name_and_nothing_is_kept(desk, reading, words):
    with pytest.raises(FileRefused, match=words):
        desk.land(SAMPLE, **reading)
    assert [0] * 5 == desk.everything()


def test_a_folder_an_absent_file_and_an_unknown_workspace_are_refused(desk):
    for path in (desk.folder, desk.folder / "absent.csv"):
        with pytest.raises(FileRefused, match="is not a file"):
            desk.land(path)
    with pytest.raises(NotFound, match=r"no workspace 'nobody'\. There are: acme"):
        replace(desk, workspace="nobody").land(SAMPLE)
    assert [0] * 5 == desk.everything()


CELLS = st.sampled_from(
    ["", "a@b.example", "A+x@B.example", "x@@", "Acme", '"', '""', "é", "\\.", "a\n\\.\nb", " ", "9e99"]
)
NOISE = st.binary(max_size=40) | st.text(max_size=20).map(str.encode)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=9)


@given(table=TABLES, noise=NOISE, place=st.integers(0, 400), chunk_rows=st.integers(2, 6))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_of_any_bytes_is_accounted_for(desk, table, noise, place, chunk_rows):
    with desk.connect() as conn:
        number = conn.execute("SELECT count(*) FROM core.workspaces").fetchone()[0]
    other = desk.open(f"w{number}")
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["email", "company_name", "employees"], *table])
    content = text.getvalue().encode()
    before = other.everything()
    try:
        drop = other.load(content[:place] + noise + content[place:], chunk_rows=chunk_rows)
    except FileRefused:
        assert before == other.everything()
        return
    status, total, *parts = other.sums(drop)
    assert "completed" == status
    assert total == sum(parts)


def test_published_addresses_come_out_in_normal_form_or_in_quarantine(desk, real_data):
    cases = json.loads((real_data / "email_syntax_cases.json").read_text("utf-8"))
    addresses = sorted({case["row"][0] for case in cases if not set(case["row"][0]) & {"\x00", "\ud800"}})
    cleaned = clean_cells(pd.Series(addresses, dtype="str")).tolist()
    answers = [ask_library(address) if isinstance(address, str) else (None, None) for address in cleaned]
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(
        [["email", "company_name"], *([one, "Firm"] for one in addresses)]
    )
    drop = desk.load(text.getvalue(), encoding="utf-8")
    stored = {row_no: email for row_no, _, email in desk.leads(drop)}
    with desk.connect() as conn:
        again = [row_no for (row_no,) in conn.execute("SELECT row_no FROM core.lead_sightings").fetchall()]
    refused = [row_no for row_no, (_, reason) in enumerate(answers) if reason]
    _, total, *_, failed = desk.sums(drop)
    assert len(addresses) == total
    assert len(refused) == failed > 150
    assert [] == sorted({*stored, *again} & set(refused))
    assert {row_no: answers[row_no][0] for row_no in stored} == stored
    assert {"Abc@example.tld", "jeff葉@臺網中心.tw", "ñoñó@example.tld"} <= set(stored.values())
