"""Trends of topics from landed pages: what a volume counts, each week once and in order, whatever the clock does."""

import json
import threading
import uuid
from datetime import UTC, date, datetime, time, timedelta

import pytest

from lead_pipeline.settings import SANDBOX_KEY
from lead_pipeline.steps.pull_companies import pull_companies
from lead_pipeline.steps.reckon_trends import reckon_trends
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.validate_pages import validate_pages
from lead_pipeline.store.topic_trends import unreckoned_weeks
from lead_pipeline.store.workspaces import save_query, save_workspace
from lead_pipeline.vendors.datashopper import DataShopper
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Transport

pytestmark = pytest.mark.integration
MONDAY = date(2026, 3, 2)
WEEK, ONE = timedelta(days=7), timedelta(days=1)


class Searches:
    """A seller's queries and the pages that they landed, as the pull and the validation leave them."""

    def __init__(self, conn):
        self.conn = conn
        self.workspaces = {slug: save_workspace(conn, slug=slug, name=slug) for slug in ("ada", "bob")}
        self.pages = 0

    def query(self, name, filters, workspace="ada"):
        save_query(self.conn, self.workspaces[workspace], name, filters)
        return self.one(
            "SELECT query_id FROM core.queries WHERE workspace_id = %s AND name = %s", self.workspaces[workspace], name
        )

    def page(self, query, day, companies=(), *, workspace="ada", stage="routed"):
        """A page of companies by number: a lead where its workspace sees one first, else a sighting."""
        self.pages += 1
        drop = self.one(
            "INSERT INTO raw.drops (source, kind, external_id, workspace_id, query_id, body, body_sha256, day, "
            "received_at, stage) VALUES ('datashopper', 'vendor_page', %s, %s, %s, '', repeat('0', 64), %s, %s, %s) "
            "RETURNING drop_id",
            str(self.pages), self.workspaces[workspace], query, day, datetime.combine(day, time(2), UTC), stage,
        )  # fmt: skip
        for row, company in enumerate(companies):
            self.conn.execute(
                """
                WITH new AS (
                    INSERT INTO core.leads (lead_id, workspace_id, drop_id, row_no, fingerprint, type,
                        country_inferred, received_at, day, flags)
                    VALUES (gen_random_uuid(), %(workspace)s, %(drop)s, %(row)s, %(print)s, 'COMPANY', false, now(),
                        %(day)s, '{}')
                    ON CONFLICT (workspace_id, fingerprint) DO NOTHING RETURNING lead_id
                )
                INSERT INTO core.lead_sightings (drop_id, row_no, lead_id)
                SELECT %(drop)s, %(row)s, l.lead_id FROM core.leads l
                WHERE l.workspace_id = %(workspace)s AND l.fingerprint = %(print)s AND NOT EXISTS (SELECT 1 FROM new)
                """,
                {"workspace": self.workspaces[workspace], "drop": drop, "row": row, "day": day,
                 "print": uuid.UUID(int=company)},
            )  # fmt: skip
        return drop

    def one(self, query, *parameters):
        [[value]] = self.conn.execute(query, parameters).fetchall()
        return value

    def trends(self):
        return self.conn.execute(
            "SELECT t.name, r.week_start, r.volume, r.previous_volume, r.change_percentage::text, r.direction "
            "FROM core.topic_trends r JOIN core.topics t USING (topic_id) ORDER BY r.week_start, t.name"
        ).fetchall()

    def directions(self):
        return dict(self.conn.execute("SELECT name, trend_direction FROM core.topics").fetchall())


@pytest.fixture
def searches(database):
    with database.connect() as conn:
        yield Searches(conn)


def reckon(database, day, hour=3):
    """At an hour of a day, Sunday by the schedule."""
    return reckon_trends(database.url, Run("test", lambda: datetime.combine(day, time(hour), UTC)))


SUNDAY_AFTER = MONDAY + WEEK + 6 * ONE


def test_a_company_counts_once_a_week_however_often_it_is_found(database, searches):
    ai, also, bobs = (
        searches.query("ai", {"topic": "ai"}),
        searches.query("ai in Texas", {"topic": "ai", "location": {"state": "TX"}}),
        searches.query("ai", {"topic": "ai"}, "bob"),
    )
    searches.page(ai, MONDAY, [1, 2, 3])
    searches.page(ai, MONDAY + ONE, [2, 3, 4])
    searches.page(also, MONDAY + 2 * ONE, [4, 1])
    searches.page(bobs, MONDAY + 6 * ONE, [1, 5], workspace="bob")
    searches.page(ai, MONDAY + WEEK, [9])
    done = reckon(database, SUNDAY_AFTER)
    assert ([MONDAY], 1, {"up": 1}) == (done.weeks, done.rows, dict(done.directions))
    assert [("ai", MONDAY, 5, 0, None, "up")] == searches.trends()


def test_what_has_no_topic_or_no_query_counts_nowhere(database, searches):
    searches.page(searches.query("all", {"industry": ["Software"]}), MONDAY, [1])
    searches.page(searches.query("empty", {"topic": ""}), MONDAY, [2])
    searches.page(None, MONDAY, [3])
    assert [] == reckon(database, SUNDAY_AFTER).weeks
    assert ([], {}) == (searches.trends(), searches.directions())


def test_a_search_that_found_nothing_makes_its_topic_known(database, searches):
    searches.page(searches.query("ai", {"topic": "ai"}), MONDAY)
    reckon(database, SUNDAY_AFTER)
    assert [("ai", MONDAY, 0, 0, None, "stable")] == searches.trends()


def test_weeks_that_were_missed_are_reckoned_by_one_run_as_their_own_runs_would_have(database, searches):
    ai, bi = searches.query("ai", {"topic": "ai"}), searches.query("bi", {"topic": "bi"})
    for week, (ais, bis) in enumerate([(10, None), (11, 4), (11, 3), (0, 0), (5, 0)]):
        day = MONDAY + week * WEEK + ONE
        searches.page(ai, day, range(ais))
        if bis is not None:
            searches.page(bi, day, range(100, 100 + bis))
    done = reckon(database, MONDAY + 5 * WEEK + 6 * ONE)
    assert [MONDAY + n * WEEK for n in range(5)] == done.weeks
    expected = [
        ("ai", 0, 10, 0, None, "up"),
        ("ai", 1, 11, 10, "10.00", "up"), ("bi", 1, 4, 0, None, "up"),
        ("ai", 2, 11, 11, "0.00", "stable"), ("bi", 2, 3, 4, "-25.00", "down"),
        ("ai", 3, 0, 11, "-100.00", "down"), ("bi", 3, 0, 3, "-100.00", "down"),
        ("ai", 4, 5, 0, None, "up"), ("bi", 4, 0, 0, None, "stable"),
    ]  # fmt: skip
    assert expected == [(name, (week - MONDAY) // WEEK, *rest) for name, week, *rest in searches.trends()]
    assert {"ai": "up", "bi": "stable"} == searches.directions()
    searches.conn.execute("TRUNCATE core.topics, core.topic_trends")
    for week in range(5):
        reckon(database, MONDAY + (week + 1) * WEEK + 6 * ONE)
    assert expected == [(name, (week - MONDAY) // WEEK, *rest) for name, week, *rest in searches.trends()]


def test_running_it_again_adds_nothing_and_a_late_page_changes_no_week_that_is_reckoned(database, searches):
    ai = searches.query("ai", {"topic": "ai"})
    searches.page(ai, MONDAY, [1, 2])
    reckon(database, SUNDAY_AFTER)
    before = searches.trends()
    searches.page(ai, MONDAY + ONE, [3])
    searches.page(ai, MONDAY - WEEK, [4])
    assert [] == reckon(database, SUNDAY_AFTER).weeks == reckon(database, SUNDAY_AFTER + ONE, hour=0).weeks
    assert before == searches.trends()


def test_the_week_of_today_is_not_reckoned(database, searches):
    searches.page(searches.query("ai", {"topic": "ai"}), MONDAY, [1])
    assert [] == reckon(database, MONDAY + 6 * ONE, hour=23).weeks
    assert [MONDAY] == reckon(database, MONDAY + WEEK, hour=0).weeks


def test_a_week_waits_for_its_pages_to_be_validated_and_those_after_it_wait_too(database, searches):
    ai = searches.query("ai", {"topic": "ai"})
    searches.page(ai, MONDAY, [1])
    waiting = searches.page(ai, MONDAY + WEEK, [2], stage="landed")
    searches.page(ai, MONDAY + 2 * WEEK, [3])
    today = MONDAY + 4 * WEEK
    assert [MONDAY] == reckon(database, today).weeks
    assert [] == reckon(database, today).weeks
    assert [MONDAY + WEEK, MONDAY + 2 * WEEK] == unreckoned_weeks(searches.conn, MONDAY + 3 * WEEK)
    searches.conn.execute("UPDATE raw.drops SET stage = 'validated' WHERE drop_id = %s", [waiting])
    assert [MONDAY + WEEK, MONDAY + 2 * WEEK] == reckon(database, today).weeks


def test_a_clock_that_is_ahead_makes_up_no_weeks_without_a_search(database, searches):
    ai = searches.query("ai", {"topic": "ai"})
    searches.page(ai, MONDAY, [1])
    assert [MONDAY] == reckon(database, date(2040, 1, 1)).weeks
    assert [] == reckon(database, date(2040, 1, 1)).weeks == reckon(database, MONDAY).weeks
    searches.page(ai, MONDAY + 3 * WEEK, [1, 2])
    assert [MONDAY + n * WEEK for n in (1, 2, 3)] == reckon(database, MONDAY + 4 * WEEK).weeks
    assert [1, 0, 0, 2] == [volume for _, _, volume, *_ in searches.trends()]


def test_of_many_processes_at_once_one_reckons_a_week(database, searches):
    ai = searches.query("ai", {"topic": "ai"})
    for week in range(3):
        searches.page(ai, MONDAY + week * WEEK, range(week + 1))
    gate, done = threading.Barrier(6), []

    def one():
        gate.wait()
        done.append(len(reckon(database, MONDAY + 4 * WEEK).weeks))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [0, 0, 0, 0, 0, 3] == sorted(done)
    assert 3 == len(searches.trends())


def test_the_volume_of_real_pages_is_the_companies_that_they_hold(world):
    with Transport("DataShopper", credential="DATASHOPPER_API_KEY", bucket=TokenBucket(1e6, 1000)) as opened:
        shop = DataShopper(opened, f"{world.sandbox}/datashopper/v1", SANDBOX_KEY)
        for day in (world.day, world.day + ONE, world.day + 2 * ONE):
            pull_companies(world.url, shop, day, Run("test"), limit=world.limit, concurrency=3)
            validate_pages(world.url, day)
    reckon_trends(world.url, Run("test", lambda: datetime.combine(SUNDAY_AFTER, time(3), UTC)))
    expected = {topic: set() for topic in world.topics}
    for topic, taken, body in world.rows(
        "SELECT q.filters ->> 'topic', (d.headers ->> 'companies')::int, d.body FROM raw.drops d "
        "JOIN core.queries q USING (query_id) WHERE d.kind = 'vendor_page'"
    ):
        expected[topic] |= {company["website"] for company in json.loads(body)["companies"][:taken]}
    found = dict(world.rows("SELECT name, volume FROM core.topic_trends JOIN core.topics USING (topic_id)"))
    assert {topic: len(domains) for topic, domains in expected.items()} == found
    assert all(found.values())
