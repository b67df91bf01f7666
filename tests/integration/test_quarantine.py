"""Repairing quarantined rows on a real Postgres: each enters once, whoever repairs it and whatever dies meanwhile."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest

from lead_pipeline.errors import RepairRefused
from lead_pipeline.steps import repair as repairing
from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.repair import as_they_are, by_recipe, repair
from lead_pipeline.steps.repair_file import by_file, export_rows
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.suggest_repairs import waiting_reasons
from lead_pipeline.store import day_checks
from lead_pipeline.store.connections import connect
from lead_pipeline.store.quarantine import ReasonMatch, RowFilter, discard_rows, quarantined_rows
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RUN = Run("test", clock=lambda: NOW)
EVERYTHING = RowFilter()
# Rows 0 and 6 are fine; 8 does not fit the header; 9 has two reasons.
FILE = """full_name,email,phone,company_name,revenue,employee_count,Fonte
Jane Doe,jane@acme.com,,Acme HVAC,,,web
John Roe,john at roe dot com,,Roe Legal,,,fair
Mary Major,+1 212 555 0143,mary@major.com,Major Inc,,,fair
Max Mint,max@mint.com,,Mint Ltd,confidential,,web
Ann Ash,ann@ash.com,,Ash GmbH,,a few,web
No Mail,no-at-sign,,Firm SA,,,web
Jane Doe,jane@acme.com,,Acme HVAC,,,web
Jane Doe,jane (at) acme.com,,Acme HVAC,,,again
too,short
Two Wrong,two@wrong.com,,Wrong AG,a lot,some,web
"""


class Quarantine:
    """A database with a file imported into workspaces, and what a test asks of it."""

    def __init__(self, url, folder):
        self.url, self.folder = url, folder
        for slug in ("acme", "other"):
            with connect(url, autocommit=True) as conn:
                save_workspace(conn, slug=slug, name=slug, country="US")

    def import_text(self, text, workspace="acme", name="leads.csv"):
        path = self.folder / name
        path.write_text(text)
        landed = land_csv(self.url, str(self.folder / "blobs"), path, workspace, reading=Reading(), run=RUN)
        import_csv(self.url, str(self.folder / "blobs"), landed.drop_id, RUN)
        return landed.drop_id

    def rows(self, query, *params):
        with connect(self.url, autocommit=True) as conn:
            return conn.execute(query, params).fetchall()

    def one(self, query, *params):
        [[value]] = self.rows(query, *params)
        return value

    def waiting(self):
        return [row_no for (row_no,) in self.rows(
            "SELECT row_no FROM core.quarantined_rows WHERE status = 'waiting' ORDER BY drop_id, row_no"
        )]  # fmt: skip

    def settled(self):
        """Row number to (status, name of its lead, what settled it)."""
        return {
            row_no: rest
            for row_no, *rest in self.rows(
                "SELECT q.row_no, q.status, l.full_name, q.settled_by FROM core.quarantined_rows q "
                "LEFT JOIN core.leads l ON l.lead_id = q.repaired_lead_id WHERE q.status <> 'waiting'"
            )
        }

    def recipe(self, text, name="own.yaml"):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def sql_recipe(self, sql):
        body = "\n".join(f"  {line}" for line in sql.splitlines())
        return self.recipe(f"name: own\ndescription: d\nwhere: {{column: email}}\nsql: |\n{body}\n")

    def repair(self, name, meant=EVERYTHING, **more):
        return repair(self.url, by_recipe(self.url, name, meant), RUN, **more)

    def assert_accounted(self):
        with connect(self.url) as conn:
            for day in (NOW.date(), date(2026, 3, 1)):
                assert day_checks.unaccounted_drops(conn, day).empty
                assert 0 == day_checks.undecided_leads(conn, day, "core.intent_scores")
                assert 0 == day_checks.undecided_leads(conn, day, "core.lead_assignments")


@pytest.fixture
def quarantine(database, tmp_path):
    return Quarantine(database.url, tmp_path)


@pytest.fixture
def file(quarantine):
    quarantine.import_text(FILE)
    assert [1, 2, 3, 4, 5, 7, 8, 9] == quarantine.waiting()
    return quarantine


@pytest.mark.parametrize(
    ("name", "repaired", "failing"),
    [
        ("spelled-out-at", {1: "John Roe", 7: "Jane Doe"}, {2, 5}),
        ("swap-email-and-phone", {2: "Mary Major"}, set()),
        ("clear-revenue", {3: "Max Mint"}, {9}),
        ("clear-employee-count", {4: "Ann Ash"}, {9}),
        ("clear-email", {1: "John Roe", 2: "Mary Major", 5: "No Mail", 7: "Jane Doe"}, set()),
    ],
)
def test_a_built_in_recipe_lets_in_what_it_is_for_and_nothing_else(file, name, repaired, failing):
    outcome = file.repair(name)
    want = {row_no: ["repaired", who, f"recipe {name}"] for row_no, who in repaired.items()}
    assert want == file.settled()
    assert failing == {row_no for (_, row_no), _ in outcome.failing}
    assert len(repaired) == outcome.repaired
    assert [("repair", "routed", name)] == file.rows(
        "SELECT source, stage, headers -> 'repair' ->> 'recipe' FROM raw.drops WHERE kind = 'repair'"
    )
    file.assert_accounted()


def test_an_email_in_an_attribute_is_found_by_the_sql_recipe(quarantine):
    quarantine.import_text("full_name,Kontakt\nJane Doe,jane@acme.com\nJohn Roe,call him\n")
    assert 1 == quarantine.repair("email-in-another-column").repaired
    assert [("jane@acme.com",)] == quarantine.rows("SELECT email FROM core.leads")
    assert [1] == quarantine.waiting()


def test_a_repaired_row_that_is_a_known_lead_is_a_sighting_of_it(file):
    outcome = file.repair("spelled-out-at")
    assert (1, 1) == (outcome.counts.accepted, outcome.counts.duplicate)
    lead = file.one("SELECT lead_id FROM core.leads WHERE email = 'jane@acme.com'")
    assert lead == file.one("SELECT repaired_lead_id FROM core.quarantined_rows WHERE row_no = 7")
    assert [(2,)] == file.rows("SELECT count(*) FROM core.lead_sightings WHERE lead_id = %s", lead)


def test_the_second_repair_of_a_row_changes_nothing(file):
    file.repair("spelled-out-at")
    before = file.rows("SELECT * FROM core.quarantined_rows ORDER BY 1, 2")
    assert 0 == file.repair("spelled-out-at").repaired
    assert before == file.rows("SELECT * FROM core.quarantined_rows ORDER BY 1, 2")
    assert 1 == file.one("SELECT count(*) FROM raw.drops WHERE kind = 'repair'")


def test_two_repairs_at_once_let_every_row_in_once(quarantine):
    text = "".join(f"P {n},p{n} at x{n}.com,C{n}\n" for n in range(300))
    quarantine.import_text("full_name,email,company_name\n" + text)
    wanted = [by_recipe(quarantine.url, name, EVERYTHING) for name in ("spelled-out-at", "clear-email") * 2]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda one: repair(quarantine.url, one, RUN), wanted))
    assert 300 == sum(outcome.repaired for outcome in outcomes)
    assert 900 == sum(len(outcome.settled) for outcome in outcomes)
    assert 300 == quarantine.one("SELECT count(*) FROM core.leads")
    assert 0 == quarantine.one("SELECT count(*) FROM core.lead_sightings")
    assert 300 == quarantine.one("SELECT count(DISTINCT repaired_lead_id) FROM core.quarantined_rows")


@pytest.mark.parametrize("statement", ["land", "decide_drops", "settle_repaired"])
def test_a_repair_that_dies_leaves_nothing_and_runs_again(file, monkeypatch, statement):
    tables = ("raw.drops", "core.leads", "core.lead_sightings", "core.quarantined_rows", "core.intent_scores")

    def all_rows():
        return [file.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]

    before, real = all_rows(), getattr(repairing, statement)

    def dies(*arguments, **more):
        real(*arguments, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(repairing, statement, dies)
        with pytest.raises(KeyboardInterrupt):
            file.repair("spelled-out-at")
    assert before == all_rows()
    assert 2 == file.repair("spelled-out-at").repaired
    file.assert_accounted()


def test_rows_of_two_workspaces_enter_each_in_its_own(quarantine):
    text = "full_name,email,company_name\nJane Doe,jane at acme.com,Acme\n"
    quarantine.import_text(text)
    quarantine.import_text(text, workspace="other")
    assert 2 == quarantine.repair("spelled-out-at").repaired
    assert [("acme", 1), ("other", 1)] == quarantine.rows(
        "SELECT slug, count(*) FROM core.leads JOIN core.workspaces USING (workspace_id) GROUP BY 1 ORDER BY 1"
    )
    assert 2 == quarantine.one("SELECT count(DISTINCT workspace_id) FROM raw.drops WHERE kind = 'repair'")


def test_a_dry_run_counts_and_shows_what_would_change_and_changes_nothing(file):
    outcome = file.repair("spelled-out-at", dry_run=True)
    assert 2 == outcome.repaired
    assert {"email": ("john at roe dot com", "john@roe.com")} == outcome.shown[0].changes
    assert {} == file.settled()
    assert 1 == file.one("SELECT count(*) FROM raw.drops")


def test_large_repairs_go_in_pieces_that_each_commit(file, monkeypatch):
    monkeypatch.setattr(repairing, "ROWS_AT_ONCE", 2)
    outcome = file.repair("clear-email")
    assert (4, 2) == (outcome.repaired, len(outcome.drop_ids))


def test_the_body_of_a_repair_names_the_row_that_each_line_repairs(file):
    file.repair("swap-email-and-phone")
    body = bytes(file.one("SELECT body FROM raw.drops WHERE kind = 'repair'"))
    [line] = [json.loads(line) for line in body.splitlines()]
    assert (1, 2) == (line["drop_id"], line["row_no"])
    assert ("mary@major.com", "+1 212 555 0143") == (line["row"]["email"], line["row"]["phone"])
    assert {"Fonte": "fair"} == file.one("SELECT attributes FROM core.leads WHERE full_name = 'Mary Major'")


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select drop_id, row_no, row from waiting; drop table core.leads", "syntax error"),
        ("with gone as (delete from core.leads returning 1) select drop_id, row_no, row from waiting", "top level"),
        (
            "select * from waiting) as edited left join waiting on true; drop table core.leads; "
            "select * from (select * from waiting",
            "multiple commands",
        ),
        ("select drop_id, nextval('raw.drops_drop_id_seq') as row_no, row from waiting", "permission denied|read-only"),
        ("select pg_sleep(60), drop_id, row_no, row from waiting", "took longer"),
        ("select drop_id, row_no + 1 as row_no, row from waiting", "not among the waiting rows"),
        ("select w.* from waiting w, waiting v", "comes twice"),
        ("select drop_id, row_no, '[]'::jsonb as row from waiting", "no JSON object"),
        ("select drop_id, row_no, row || '{\"mail\": 1}' as row from waiting", "mail"),
        ("select row_no, row from waiting", "drop_id"),
        ("select pg_read_file('PG_VERSION'), drop_id, row_no, row from waiting", "permission denied"),
        ("select drop_id, row_no, row from waiting where row ->> 'email' like '%", "unterminated"),
    ],
)
def test_a_recipe_in_sql_can_only_read_and_only_the_rows_that_wait(file, monkeypatch, sql, words):
    monkeypatch.setattr("lead_pipeline.steps.recipes.SQL_SECONDS", 1)
    with pytest.raises(RepairRefused, match=words):
        file.repair(file.sql_recipe(sql))
    assert {} == file.settled()
    assert 1 == file.one("SELECT count(*) FROM core.leads")


def test_a_recipe_in_sql_may_use_a_percent_sign_and_leave_rows_out(file):
    sql = """-- one mailbox
    with few as (select * from waiting where row ->> 'email' like 'no-at%')
    select drop_id, row_no, row || jsonb_build_object('email', 'no@firm.com') as row from few;"""
    assert 1 == file.repair(file.sql_recipe(sql)).repaired
    assert {5: ["repaired", "No Mail", "recipe own"]} == file.settled()


def test_an_edited_export_lets_in_the_rows_that_are_right_now(file, tmp_path):
    path = tmp_path / "rows.csv"
    assert 8 == export_rows(file.url, path, EVERYTHING)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = {int(row["row_no"]): row for row in csv.DictReader(stream)}
    assert "'+1 212 555 0143" == rows[2]["email"]
    assert "too,short" == rows[8]["text"]
    rows[5]["email"] = "no@mail.com"
    rows[8] |= {"full_name": "Too Short", "email": "too@short.com"}
    rows[9] |= {"revenue": "", "employee_count": "12"}
    write(path, rows.values())
    edited = by_file(file.url, path)
    outcome = repair(file.url, edited.repair, RUN)
    assert [] == edited.problems
    assert {5: "No Mail", 8: "Too Short", 9: "Two Wrong"} == {n: who for n, (_, who, _) in file.settled().items()}
    assert {1, 2, 3, 4, 7} == {row_no for (_, row_no), _ in outcome.failing}
    assert [("file rows.csv",)] == file.rows("SELECT DISTINCT settled_by FROM core.quarantined_rows WHERE row_no = 5")
    file.assert_accounted()


def write(path, rows, **how):
    rows = list(rows)
    with path.open("w", newline="", **how) as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";" if how else ",")
        writer.writeheader()
        writer.writerows(rows)


def test_a_file_from_a_spreadsheet_with_few_columns_keeps_the_other_cells(file, tmp_path):
    path = tmp_path / "rows.csv"
    write(path, [{"DROP_ID": "1", "Row_No": " 5", "email": "zoë@mail.com"}], encoding="cp1252")
    assert 1 == repair(file.url, by_file(file.url, path).repair, RUN).repaired
    assert [("No Mail", "Firm SA")] == file.rows("SELECT full_name, company_name FROM core.leads WHERE email ~ 'mail'")


def test_junk_in_an_edited_file_is_reported_and_harms_no_other_row(file, tmp_path):
    file.repair("clear-revenue")
    path = tmp_path / "rows.csv"
    lines = ["drop_id,row_no,email", "1,5,no@mail.com", "1,77,x@y.com", "one,2,x@y.com", "1,3,max@mint.com",
             "1,4,x@y.com,too many", ",,", "1,99999999999999999999,x@y.com"]  # fmt: skip
    path.write_text("\n".join(lines) + "\n")
    edited = by_file(file.url, path)
    assert 1 == repair(file.url, edited.repair, RUN).repaired
    assert 6 == len(edited.problems)
    for words in ("repaired already, by recipe clear-revenue", "row 77 of drop 1: no such row", "'one'", "found 4"):
        assert any(words in problem for problem in edited.problems), words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("drop_id,row_no,mail\n1,5,a@b.com\n", "mail"),
        ("row_no,email\n5,a@b.com\n", "no column drop_id"),
        ("drop_id,row_no,email\n1,5,a@b.com\n1,5,b@b.com\n", "stands twice"),
        ("drop_id,row_no,email,email\n1,5,a@b.com,b@b.com\n", "email_2"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_whole(file, tmp_path, text, words):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(RepairRefused, match=words):
        by_file(file.url, path)


def test_an_export_replaces_no_file_unless_it_is_told_to(file, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("mine")
    with pytest.raises(RepairRefused, match="--force"):
        export_rows(file.url, path, EVERYTHING)
    assert "mine" == path.read_text()
    assert 8 == export_rows(file.url, path, EVERYTHING, force=True)


def test_an_export_comes_back_exactly(quarantine, tmp_path):
    cells = ["=1+1", "'=1", "''+1", "'s-Hertogenbosch", "@x", "-", "+1 212", "\ttab", "two\nlines", 'a "q", b', " sp "]
    with (tmp_path / "odd.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["full_name", "job_title"], *(["A B", cell] for cell in cells)])
    quarantine.import_text((tmp_path / "odd.csv").read_text())
    path = tmp_path / "rows.csv"
    export_rows(quarantine.url, path, EVERYTHING)
    edited = by_file(quarantine.url, path).repair
    with connect(quarantine.url) as conn:
        rows = quarantined_rows(conn, EVERYTHING)
    assert [row.row["job_title"] for row in rows] == [cells["job_title"] for cells in edited.edit(rows)]


def test_a_retry_lets_in_what_the_rules_of_today_accept(file):
    assert 0 == repair(file.url, as_they_are(file.url, EVERYTHING), RUN).repaired
    with connect(file.url, autocommit=True) as conn:  # as if the row had been refused by a defect of ours
        conn.execute('UPDATE core.quarantined_rows SET row = row || \'{"revenue": "5"}\' WHERE row_no = 3')
    outcome = repair(file.url, as_they_are(file.url, EVERYTHING), RUN)
    assert {3: ["repaired", "Max Mint", "retry"]} == file.settled()
    by_row = {row_no: reasons for (_, row_no), reasons in outcome.failing}
    assert "expected 7 fields, found 2" == by_row[8][0]["check"]


def test_filters_combine_and_discarded_rows_are_never_let_in(file):
    meant = RowFilter(reasons=(ReasonMatch("not_a_number", "revenue"),), keys=((1, 3), (1, 5)))
    with connect(file.url, autocommit=True) as conn:
        assert 1 == discard_rows(conn, meant, reason="sold")
        assert 0 == discard_rows(conn, meant, reason="again")
    assert 0 == file.repair("clear-revenue").repaired
    assert {3: ["discarded", None, "sold"]} == file.settled()


def test_every_reason_comes_with_the_command_that_repairs_it(file):
    found = {(one.check, one.column): one for one in waiting_reasons(file.url, EVERYTHING, RUN)}
    command = "lead-pipeline quarantine repair --recipe"
    mail = found["invalid_email", "email"]
    assert 4 == mail.rows
    assert f"{command} spelled-out-at --check invalid_email --column email" == mail.commands[0]
    assert any("swap-email-and-phone" in words for words in mail.commands)
    assert (
        f"{command} clear-revenue --check not_a_number --column revenue" == found["not_a_number", "revenue"].commands[0]
    )
    [by_hand] = found["expected 7 fields, found 2", None].commands
    assert by_hand.startswith("lead-pipeline quarantine export rows.csv --check 'expected 7 fields, found 2'")
