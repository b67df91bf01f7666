"""The views and functions that users know by name, on rows put in by hand."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from lead_pipeline.store.stories import lead_events, lead_overview

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SIGNALS = [{"topic": "hvac", "strength": "high"}]


def moment(minutes):
    return NOON + timedelta(minutes=minutes)


class Desk:
    """Puts rows in by hand, as each stage would. Lead ids count from 1."""

    def __init__(self, conn):
        self.conn, self.leads = conn, 0
        conn.row_factory = dict_row
        self.workspace = self.add_workspace("acme")
        self.drop = self.add_drop()

    def one(self, statement, values):
        return next(iter(self.conn.execute(statement, values).fetchone().values()))

    def add_workspace(self, slug):
        return self.one("INSERT INTO core.workspaces (slug, name) VALUES (%s, %s) RETURNING workspace_id", [slug, slug])

    def add_drop(self, minutes=0):
        return self.one(
            "INSERT INTO raw.drops (source, kind, external_id, workspace_id, body, body_sha256, day, received_at) "
            "VALUES ('test', 'csv', gen_random_uuid()::text, %s, '', %s, '2026-03-02', %s) RETURNING drop_id",
            [self.workspace, "0" * 64, moment(minutes)],
        )

    def lead(self, band=None, *, workspace=None, signals=None, minutes=0, enrichment=None):
        self.leads += 1
        lead = UUID(int=self.leads)
        self.conn.execute(
            "INSERT INTO core.leads (lead_id, workspace_id, drop_id, row_no, fingerprint, type, country_inferred, "
            "received_at, day, flags, signals) "
            "VALUES (%s, %s, %s, %s, %s, 'COMPANY', false, %s, '2026-03-02', '{}', %s)",
            [
                lead,
                workspace or self.workspace,
                self.drop,
                self.leads,
                lead,
                moment(minutes),
                signals and Jsonb(signals),
            ],
        )
        if band:
            self.conn.execute(
                "INSERT INTO core.intent_scores VALUES (%s, %s, %s, 1, 0, 0, '[]', 'run-1', %s)",
                [lead, self.drop, band, moment(minutes + 1)],
            )
        if enrichment:
            self.enrich(lead, enrichment)
        return lead

    def enrich(self, lead, status):
        self.conn.execute(
            "INSERT INTO core.enrichments (lead_id, vendor, status, reason, day, requested_at, settled_at, run_id) "
            "VALUES (%s, 'clay', %s, %s, '2026-03-02', %s, %s, 'run-2')",
            [
                lead,
                status,
                "no domain" if status in ("skipped", "failed") else None,
                moment(3),
                moment(4) if status != "pending" else None,
            ],
        )

    def rule(self, name, destination, **actions):
        return self.one(
            "INSERT INTO core.lead_routing_rules (workspace_id, rule_name, destination_workspace_id, actions) "
            "VALUES (%s, %s, %s, %s) RETURNING rule_id",
            [self.workspace, name, destination, Jsonb({"assign_to_workspace": True} | actions)],
        )

    def assign(self, lead, destination, reason, rule=None, *, seq=1, minutes=2):
        self.conn.execute(
            "INSERT INTO core.lead_assignments (lead_id, destination_kind, seq, destination_id, rule_set_version, "
            "rule_id, rule_version, reason, run_id, decided_at) "
            "VALUES (%s, 'workspace', %s, %s, 1, %s, %s, %s, 'run-1', %s)",
            [lead, seq, destination, rule, rule and 1, reason, moment(minutes)],
        )

    def upload(self, lead, status, platform="general-platform", minutes=6):
        key = f"{lead}"
        self.conn.execute(
            "INSERT INTO outbound.upload_batches (batch_key, workspace_id, platform, band, day, run_id, intended_at) "
            "VALUES (%s, %s, %s, 'hot', '2026-03-02', 'run-3', %s)",
            [key, self.workspace, platform, moment(5)],
        )
        self.conn.execute(
            "INSERT INTO outbound.platform_uploads (lead_id, batch_key, payload, status, reason, settled_at) "
            "VALUES (%s, %s, '{}', %s, %s, %s)",
            [
                lead,
                key,
                status,
                "said no" if status in ("rejected", "failed") else None,
                moment(minutes) if status != "intended" else None,
            ],
        )

    def ask(self, function, *values):
        marks = ", ".join(["%s"] * len(values))
        return self.conn.execute(f"SELECT * FROM core.{function}({marks})", list(values)).fetchall()


@pytest.fixture
def desk(database):
    with database.connect() as conn:
        yield Desk(conn)


def test_a_lead_that_no_stage_saw_has_the_documented_defaults(desk):
    seen = lead_overview(desk.conn, str(desk.lead()))
    assert seen["platform_uploaded"] is False
    nothing = (
        "intent_data",
        "platform_uploaded_at",
        "platform_name",
        "routing_metadata",
        "routing_rule_id",
        "intent_score",
    )
    assert dict.fromkeys(nothing) == {name: seen[name] for name in nothing}


def test_intent_data_is_score_signals_and_when(desk):
    seen = lead_overview(desk.conn, str(desk.lead("hot", signals=SIGNALS)))
    assert {"score", "signals", "last_updated"} == seen["intent_data"].keys()
    assert ("hot", SIGNALS) == (seen["intent_data"]["score"], seen["intent_data"]["signals"])
    assert moment(1) == datetime.fromisoformat(seen["intent_data"]["last_updated"])
    assert [] == lead_overview(desk.conn, str(desk.lead("cold")))["intent_data"]["signals"]


def test_routing_shows_the_rule_the_reason_and_the_tags_of_the_latest_assignment(desk):
    lead, there = desk.lead("hot"), desk.add_workspace("there")
    rule = desk.rule("hvac", there, tag_with=["service-industry"])
    desk.assign(lead, desk.workspace, "no rule matched")
    desk.assign(lead, there, 'rule "hvac" matched', rule, seq=2, minutes=9)
    seen = lead_overview(desk.conn, str(lead))
    assert (rule, there) == (seen["routing_rule_id"], seen["destination_workspace_id"])
    assert ('rule "hvac" matched', 1) == (
        seen["routing_metadata"]["routing_reason"],
        seen["routing_metadata"]["rule_version"],
    )
    assert desk.workspace == seen["workspace_id"], "where it was received does not change"
    assert ["service-industry"] == seen["tags"]


@pytest.mark.parametrize("status", ["intended", "rejected", "failed"])
def test_only_a_confirmed_upload_counts_as_uploaded(desk, status):
    unsure, sure = desk.lead("hot"), desk.lead("hot")
    desk.upload(unsure, status)
    desk.upload(sure, "confirmed", "tech-platform")
    seen = lead_overview(desk.conn, str(unsure))
    assert (False, None, None) == tuple(seen[f"platform_{name}"] for name in ("uploaded", "uploaded_at", "name"))
    seen = lead_overview(desk.conn, str(sure))
    assert (True, moment(6), "tech-platform") == tuple(
        seen[f"platform_{name}"] for name in ("uploaded", "uploaded_at", "name")
    )


def test_there_is_one_row_a_lead_however_much_happened_to_it(desk):
    lead = desk.lead("hot", enrichment="completed")
    for seq in (1, 2, 3):
        desk.assign(lead, desk.workspace, "again", seq=seq)
    desk.upload(lead, "confirmed")
    assert 1 == desk.one("SELECT count(*) FROM core.lead_overview", [])


def test_the_intent_breakdown_has_the_documented_columns_and_shares(desk):
    other = desk.add_workspace("other")
    for band in ("hot", "warm", "warm", "cold", "cold", "cold"):
        desk.lead(band)
    desk.lead("cold", workspace=other)
    desk.lead()
    found = desk.conn.execute("SELECT * FROM core.lead_intent_breakdown ORDER BY total_count DESC").fetchall()
    columns = (
        "workspace_id",
        "hot_count",
        "warm_count",
        "cold_count",
        "total_count",
        "hot_percentage",
        "warm_percentage",
    )
    assert columns == tuple(found[0])
    assert [
        (desk.workspace, 1, 2, 3, 6, "16.67", "33.33"),
        (other, 0, 0, 1, 1, "0.00", "0.00"),
    ] == [(*list(row.values())[:5], str(row["hot_percentage"]), str(row["warm_percentage"])) for row in found]


def test_leads_of_one_score_come_newest_first_and_from_one_workspace(desk):
    old, new = desk.lead("hot"), desk.lead("hot", minutes=5)
    desk.lead("warm")
    desk.lead("hot", workspace=desk.add_workspace("other"))
    assert [new, old] == [row["lead_id"] for row in desk.ask("get_leads_by_intent_score", desk.workspace, "hot")]
    assert [] == desk.ask("get_leads_by_intent_score", desk.workspace, "scorching")


def test_upload_stats_count_by_platform_and_outcome(desk):
    for status, minutes in (("confirmed", 6), ("confirmed", 8), ("rejected", 9), ("failed", 9), ("intended", 9)):
        desk.upload(desk.lead("hot"), status, minutes=minutes)
    desk.upload(desk.lead("hot"), "intended", "tech-platform")
    assert [
        ("general-platform", 2, 2, 1, moment(8)),
        ("tech-platform", 0, 0, 1, None),
    ] == [tuple(row.values()) for row in desk.ask("get_platform_upload_stats", desk.workspace)]


def test_leads_ready_for_upload_are_hot_before_warm_before_cold_and_oldest_first(desk):
    cold, warm = desk.lead("cold", enrichment="completed"), desk.lead("warm", enrichment="skipped")
    late = desk.lead("hot", enrichment="completed", minutes=7)
    early = desk.lead("hot", enrichment="completed", minutes=1)
    for left_out in ({"band": "hot"}, {"enrichment": "completed"}, {"band": "hot", "enrichment": "pending"}):
        desk.lead(**left_out)
    uploaded = desk.lead("hot", enrichment="completed")
    desk.upload(uploaded, "confirmed")
    desk.lead("hot", enrichment="completed", workspace=desk.add_workspace("other"))
    ready = {score: ready_ids(desk, score) for score in ("hot", "warm", "cold")}
    assert {"hot": [early, late], "warm": [early, late, warm], "cold": [early, late, warm, cold]} == ready
    assert [] == ready_ids(desk, "lukewarm")


def ready_ids(desk, score):
    return [row["lead_id"] for row in desk.ask("get_leads_ready_for_upload", desk.workspace, score)]


def test_the_events_of_a_lead_tell_its_story_in_order(desk):
    lead = desk.lead("hot", enrichment="completed")
    desk.assign(lead, desk.workspace, "no rule matched")
    desk.upload(lead, "confirmed")
    later = desk.add_drop(minutes=60)
    desk.conn.execute("INSERT INTO core.lead_sightings VALUES (%s, 7, %s)", [later, lead])
    events = lead_events(desk.conn, str(lead))
    assert ["received", "scored", "routed", "enrichment completed", "upload confirmed", "seen again"] == [
        event["event"] for event in events
    ]
    assert [0, 1, 2, 4, 6, 60] == [(event["happened_at"] - NOON).seconds // 60 for event in events]
    assert [None, "run-1", "run-1", "run-2", "run-3", None] == [event["run_id"] for event in events]
    assert {"drop_id": later, "row_no": 7} == events[-1]["detail"]
    assert "no rule matched" == events[2]["detail"]["reason"]
    assert [] == lead_events(desk.conn, str(UUID(int=99)))
