"""Files through the upload route of a real service: the same outcome as the command line's, within plan and limit."""

import csv
import io
import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from lead_pipeline.domain.csv_dialect import dialect_of
from lead_pipeline.domain.csv_rows import read_header
from lead_pipeline.errors import FileRefused
from lead_pipeline.service.server import IntakeServer
from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.keys import create_key, revoke_key
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.load_rules import load_rules
from lead_pipeline.steps.run import Run
from lead_pipeline.store.drops import accounting_of
from lead_pipeline.store.upload_jobs import close_job, pending_jobs
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RULES = Path(__file__).parents[1] / "data" / "rules" / "service-industry.yaml"
UPLOAD = "/api/leads/bulk-upload"
SAMPLE = (
    "full_name,email,company_name,company_industry,company_location_state,job_title\n"
    "Jane Doe,jane@acme.example,Acme HVAC,HVAC,NY,Owner\n"
    "John Roe,john@roe.example,Roe Legal,Legal Services,TX,Partner\n"
)


@dataclass
class Front:
    """A running service, its store, and a key of workspace `acme` on the pro plan. `now` is the service's time."""

    database: object
    blobs: Path
    url: str = ""
    key: str = ""
    now: datetime = NOON

    def make_key(self, workspace="acme", scope="upload", supplier=None):
        with self.database.connect() as conn:
            return create_key(conn, workspace=workspace, name="t", scopes=[scope], supplier=supplier, now=NOON)

    def send(self, content, *, key=None, name="leads.csv", dry=False, **fields):
        content = content if isinstance(content, bytes) else content.encode()
        return httpx.post(
            self.url + UPLOAD,
            params={"dry_run": "true"} if dry else {},
            headers=bearer(key or self.key),
            files={"file": (name, content)},
            data=fields,
            timeout=60,
        )

    def get(self, path, key=None):
        return httpx.get(self.url + path, headers=bearer(key or self.key), timeout=30)

    def rows(self, query, *parameters):
        with self.database.connect() as conn:
            return conn.execute(query, parameters).fetchall()

    def sizes(self):
        """Rows of every table but the counts, and blobs."""
        names = self.rows("SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('raw', 'core')")
        kept = {name: self.rows(f"SELECT count(*) FROM {name}") for (name,) in names if name != "raw.intake_counts"}
        return kept | {"blobs": len(list(self.blobs.glob("*")))}


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def people(count, start=0):
    rows = (f"p{number}@firm{number}.example,Firm {number}\n" for number in range(start, start + count))
    return "email,company_name\n" + "".join(rows)


@pytest.fixture
def front(database, tmp_path):
    blobs = tmp_path / "blobs"
    made = Front(database, blobs)
    with database.connect() as conn:
        save_workspace(conn, slug="acme", name="Acme", plan="pro")
        save_workspace(conn, slug="small", name="Small", plan="free")
    made.key = made.make_key().key
    settings = database.settings(BLOB_URL=str(blobs), LEAD_PIPELINE_VAR=str(tmp_path))
    with IntakeServer(settings, database.url, clock=lambda: made.now) as running:
        made.url = running.url
        yield made


def test_a_small_file_is_answered_with_its_summary_which_is_what_sql_says(front):
    with front.database.connect() as conn:
        for slug in ("master", "service-industry", "real-estate-northeast"):
            save_workspace(conn, slug=slug, name=slug, plan="pro")
        load_rules(conn, RULES, workspace=None)
    answer = front.send(
        SAMPLE + "x,no-at-sign,F,HVAC,NY,O\n" + SAMPLE.splitlines()[1], key=front.make_key("master").key
    )
    assert (200, "application/json") == (answer.status_code, answer.headers["content-type"])
    told = answer.json()
    assert ("completed", 1.0, True, False, []) == tuple(
        told[name] for name in ("status", "progress", "success", "duplicate", "errors")
    )
    summary = told["summary"]
    assert (4, 2, 1, 1) == tuple(summary[name] for name in ("total", "successful", "failed", "duplicates"))
    assert {"service-industry": 1, "master": 1} == summary["routing"]
    assert f"{UPLOAD}/{told['jobId']}" == answer.headers["location"]
    assert [(2, 1, 1)] == front.rows(
        "SELECT (SELECT count(*) FROM core.leads), (SELECT count(*) FROM core.quarantined_rows), "
        "(SELECT count(*) FROM core.lead_sightings)"
    )


def test_a_large_file_answers_its_job_at_once_and_a_run_shows_at_least_ten_steps(front, database, tmp_path):
    answer = front.send(people(10_000))
    job = answer.headers["location"]
    assert (202, "processing", 0.0) == (answer.status_code, answer.json()["status"], answer.json()["progress"])
    [waiting] = _pending(front)
    seen = []
    import_csv(
        database.url,
        str(front.blobs),
        waiting.drop_id,
        Run("run"),
        progress=lambda _: seen.append(front.get(job).json()["progress"]),
    )
    done = front.get(job).json()
    assert ("completed", 1.0, 10_000) == (done["status"], done["progress"], done["summary"]["successful"])
    assert sorted(seen) == seen
    assert len(set(seen)) >= 10
    assert [(1, 10_000)] == front.rows("SELECT attempts, (SELECT count(*) FROM core.leads) FROM core.bulk_upload_jobs")
    assert [] == _pending(front)


def _pending(front):
    with front.database.connect() as conn:
        return pending_jobs(conn)


@pytest.mark.parametrize(("workspace", "most"), [("small", 100), ("acme", 10_000)])
def test_one_row_more_than_the_plan_takes_refuses_the_whole_file_with_its_count(front, workspace, most):
    key, before = front.make_key(workspace).key, front.sizes()
    for dry in (False, True):
        refused = front.send(people(most + 1), key=key, dry=dry)
        assert (422, "application/problem+json") == (refused.status_code, refused.headers["content-type"])
        assert f"the file has {most + 1:,} rows" in refused.json()["detail"]
        assert f"plan takes {most:,}" in refused.json()["detail"]
    assert before == front.sizes()
    assert front.send(people(most), key=key).status_code in (200, 202)


def test_the_eleventh_upload_of_an_hour_waits_until_the_first_has_left_it(front):
    for number in range(10):
        front.now = NOON + timedelta(minutes=number)
        assert 200 == front.send(people(1, number)).status_code
    before = front.sizes()
    refused = front.send(people(1, 99))
    assert (429, str(51 * 60)) == (refused.status_code, refused.headers["retry-after"])
    assert before == front.sizes()
    assert 200 == front.send(people(1, 3)).status_code, "the same file again counts for nothing"
    front.now = NOON + timedelta(minutes=59, seconds=59)
    assert 429 == front.send(people(1, 99)).status_code
    front.now = NOON + timedelta(hours=1)
    assert 200 == front.send(people(1, 99)).status_code
    assert 429 == front.send(people(1, 100)).status_code
    assert 200 == front.send(people(1, 100), key=front.make_key("small").key).status_code


def test_two_services_agree_on_the_tenth_upload(front, database, tmp_path):
    settings = database.settings(BLOB_URL=str(front.blobs), LEAD_PIPELINE_VAR=str(tmp_path))
    answers = []
    with IntakeServer(settings, database.url, clock=lambda: NOON) as other:

        def send(number):
            url = (front.url, other.url)[number % 2]
            files = {"file": ("x.csv", people(1, number).encode())}
            answers.append(httpx.post(url + UPLOAD, headers=bearer(front.key), files=files, timeout=60).status_code)

        threads = [threading.Thread(target=send, args=[number]) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert [200] * 10 + [429] * 6 == sorted(answers)
    assert [(10,)] == front.rows("SELECT count(*) FROM core.bulk_upload_jobs")


def test_the_same_file_again_answers_with_its_first_job(front):
    first, again = front.send(SAMPLE), front.send(SAMPLE, name="other-name.csv")
    assert (200, 200) == (first.status_code, again.status_code)
    assert {**first.json(), "duplicate": True} == again.json()
    other = front.send(SAMPLE, columns=json.dumps({"company_location_city": "job_title"})).json()
    assert (False, 2) == (other["duplicate"], other["summary"]["duplicates"])


def test_who_may_not_upload_is_told_how_before_the_body_is_read(front):
    revoked, wrong_scope = front.make_key(), front.make_key(scope="admin").key
    with front.database.connect() as conn:
        revoke_key(conn, revoked.key_id, now=NOON)
    before = front.sizes()
    for key in ("sk_wrong", revoked.key):
        answer = front.send(SAMPLE, key=key)
        assert (401, "Bearer") == (answer.status_code, answer.headers["www-authenticate"])
    assert 403 == front.send(SAMPLE, key=wrong_scope).status_code
    elsewhere = httpx.post(front.url + UPLOAD, headers={"X-API-Key": front.key}, files={"file": ("x", b"email\n")})
    assert 401 == elsewhere.status_code
    assert "Authorization: Bearer sk_" in elsewhere.json()["detail"]
    assert before == front.sizes()


def test_another_workspaces_job_is_as_unknown_as_none(front):
    job = front.send(SAMPLE).headers["location"]
    other = front.make_key("small").key
    for path in (job, f"{job}/errors", f"{UPLOAD}/{uuid4()}"):
        assert 404 == front.get(path, other).status_code
    assert 404 == httpx.post(f"{front.url}{job}/retry", headers=bearer(other)).status_code
    assert 422 == front.get(f"{UPLOAD}/no-uuid").status_code
    assert 401 == front.get(job, "sk_wrong").status_code


def test_a_preview_tells_what_would_be_and_writes_nothing(front):
    front.send(SAMPLE)
    content = (
        "full_name,email,company_name,job_title,phone\n"
        "Jane Doe,jane@acme.example,Acme HVAC,,\n"
        "John Roe,john@roe.example,Roe Legal,Associate,+12125550123\n"
        "New One,new@one.example,One,,\n"
        "New One,new@one.example,One,,\n"
        "Bad One,no-at-sign,One,,\n"
        "short,row\n"
    )
    before = front.sizes()
    told = front.send(content, dry=True).json()
    assert (True, True) == (told["success"], told["dryRun"])
    expected = {"total": 6, "new": 1, "same": 2, "changed": 1, "refused": 2, "routing": {"acme": 1}}
    assert expected == told["summary"]
    assert [{"row": 2, "columns": ["job_title", "phone"]}] == told["changes"]
    assert [(5, "email"), (6, None)] == [(one["row"], one["reasons"][0]["column"]) for one in told["errors"]]
    assert before == front.sizes()
    real = front.send(content).json()["summary"]
    assert (6, 1, 2, 3) == tuple(real[name] for name in ("total", "successful", "failed", "duplicates"))
    assert expected["routing"] == real["routing"]


def test_the_failed_rows_come_as_csv_with_the_cells_as_they_were_and_no_formula(front):
    content = "E-mail,Firm,Phone,Note\nno-at-sign,=HYPERLINK(1),+1 212 555 0100,-2+cmd|x\nok@ok.example,F,,\n@a,b\n"
    job = front.send(content).headers["location"]
    answer = front.get(f"{job}/errors")
    assert "text/csv" in answer.headers["content-type"]
    first, second = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert ["row", "column", "check", "value", "E-mail", "Firm", "Phone", "Note", "text"] == list(first)
    assert ("1", "email", "no-at-sign", "'=HYPERLINK(1)") == tuple(first[n] for n in ("row", "column", "value", "Firm"))
    assert ("+1 212 555 0100", "'-2+cmd|x", "") == (first["Phone"], first["Note"], first["text"])
    assert ("3", "expected 4 fields, found 2", "'@a,b") == tuple(second[name] for name in ("row", "check", "text"))


def test_a_failed_job_is_tried_again_on_request_and_no_other_is(front):
    job = front.send(people(1_001)).headers["location"]
    retry = f"{front.url}{job}/retry"
    assert 409 == httpx.post(retry, headers=bearer(front.key)).status_code
    [waiting] = _pending(front)
    with front.database.connect() as conn:
        close_job(conn, waiting.drop_id, now=NOON, error="the run died")
    failed = front.get(job).json()
    assert (False, "failed", "the run died") == (failed["success"], failed["status"], failed["errors"][0]["error"])
    again = httpx.post(retry, headers=bearer(front.key))
    assert (202, "processing") == (again.status_code, again.json()["status"])
    assert [0] == [one.attempts for one in _pending(front)]
    import_csv(front.database.url, str(front.blobs), waiting.drop_id, Run("again"))
    assert (True, "completed") == tuple(front.get(job).json()[name] for name in ("success", "status"))


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"data": {"file": "text"}}, "file"),
        ({"files": {"other": ("x.csv", b"email\n")}}, "file"),
        ({"files": {"file": ("x.csv", b"email\n")}, "data": {"source": "No Such!"}}, "source"),
        ({"files": {"file": ("x.csv", b"email\n")}, "data": {"columns": "[1]"}}, "columns"),
        ({"files": {"file": ("x.csv", b"email\n")}, "data": {"colunms": "{}"}}, "colunms"),
        ({"content": b"email\na@b.example\n"}, "file"),
    ],
)
def test_a_form_that_is_wrong_is_answered_field_by_field(front, parts, field):
    answer = httpx.post(front.url + UPLOAD, headers=bearer(front.key), **parts)
    assert 422 == answer.status_code
    assert field in [one["field"] for one in answer.json()["errors"]]


def test_the_name_and_the_source_of_a_file_are_kept_as_far_as_they_can_be(front):
    front.send(SAMPLE, name="C:\\secret\\..\\leads \x01é.csv", source="partner-a")
    [(name, source)] = front.rows(
        "SELECT d.headers ->> 'file_name', j.source FROM raw.drops d JOIN core.bulk_upload_jobs j USING (drop_id)"
    )
    assert "\\" not in name
    assert name.endswith(".csv")
    assert "partner-a" == source


def test_every_awkward_file_has_the_outcome_that_it_has_on_the_command_line(front, real_data):
    files = sorted([*real_data.glob("csv_awkward/*.csv"), *real_data.glob("csv_spectrum/csvs/*.csv")])
    assert 27 == len(files)
    for path in files:
        front.now += timedelta(minutes=10)
        refused = on_command_line(front, path, {})
        if isinstance(refused, str):
            answer = front.send(path.read_bytes())
            assert (422, refused) == (answer.status_code, answer.json()["detail"]), path.name
            if "no usable header" not in refused:
                continue
        with path.open("rb") as stream:
            columns = {"company_name": read_header(stream, dialect_of(stream))[0]}
        expected = on_command_line(front, path, columns)
        told = front.send(path.read_bytes(), columns=json.dumps(columns)).json()["summary"]
        assert expected == tuple(told[name] for name in ("successful", "duplicates", "failed")), path.name


def on_command_line(front, path, columns):
    """Accepted, duplicate and refused rows of a file in workspace `small`, or the words with which it is refused."""
    run, reading = Run("cli"), Reading(columns=columns)
    try:
        landed = land_csv(front.database.url, str(front.blobs), path, "small", reading=reading, run=run)
    except FileRefused as refused:
        return str(refused)
    import_csv(front.database.url, str(front.blobs), landed.drop_id, run)
    with front.database.connect() as conn:
        counts = accounting_of(conn, landed.drop_id)
    return counts.accepted, counts.duplicate, counts.quarantined
