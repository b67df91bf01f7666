"""Contacts rebuilt from what Clay said, the network forbidden: identical, and each planted difference is named."""

import datetime as dt
import hashlib
import json
import socket
from typing import Any

import pytest

from lead_pipeline.errors import InProgress
from lead_pipeline.steps.replay import Replayed
from lead_pipeline.steps.replay_answers import replay_answers
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.settle_contacts import settle_contacts
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.replay import Chosen, begin_schema

pytestmark = pytest.mark.integration
EVERYTHING = Chosen()
PEOPLE = [{"full_name": f"Person {number}", "email": f"p{number}@acme.example"} for number in range(3)]
ANSWERS = "SELECT count(*) FROM raw.drops WHERE source = 'clay'"


def offline(world: Any, chosen: Chosen = EVERYTHING) -> Replayed:
    """A replay while nobody can connect over the network. Postgres's own client, on a Unix socket, is not Python's."""

    def refuse(_: socket.socket, address: object) -> None:
        raise AssertionError(f"somebody asks {address}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket.socket, "connect_ex", refuse)
        return replay_answers(world.url, chosen)


def event(world: Any, **said: Any) -> int:
    body = json.dumps({"event_type": "enrichment.completed", **said}).encode()
    digest = hashlib.sha256(body).hexdigest()
    noon = dt.datetime.combine(world.day, dt.time(12), dt.UTC)
    seller = world.one("SELECT workspace_id FROM core.workspaces WHERE slug = 'seller'")
    with connect(world.url) as conn:
        return land(
            conn,
            Landing(source="clay", kind="webhook", external_id=digest, workspace_id=seller, day=world.day,
                    received_at=noon, body=body, body_sha256=digest),
        )[0]  # fmt: skip


def fill(world: Any) -> list[str]:
    """A day that Clay answered, then webhooks: late, in place of an answer by id and by domain, failing, a test."""
    world.run_day()
    leads = [lead for (lead,) in world.rows("SELECT lead_id::text FROM core.enrichments ORDER BY lead_id LIMIT 6")]
    again = leads[1:4]
    world.execute("DELETE FROM core.lead_contacts WHERE lead_id = ANY(%s::uuid[])", again)
    world.execute("DELETE FROM core.enrichments WHERE lead_id = ANY(%s::uuid[])", again[:2])
    world.execute("UPDATE core.enrichments SET status='pending', settled_at=NULL WHERE lead_id=%s", again[2])
    world.execute(
        "UPDATE core.enrichments SET answer_drop_id = NULL, contacts_found = 0 WHERE lead_id = ANY(%s::uuid[])", again
    )
    world.execute("DELETE FROM raw.drops WHERE headers ->> 'lead_id' = ANY(%s)", again)
    event(world, lead_id=leads[0], contacts=[{"full_name": "Too Late"}])
    event(world, lead_id=again[0], contacts=PEOPLE)
    event(world, domain=world.one("SELECT domain FROM core.leads WHERE lead_id = %s", again[1]), contacts=PEOPLE)
    event(world, event_type="enrichment.failed", lead_id=again[2], reason="nobody there")
    event(world, event_type="test", lead_id=leads[4], contacts=PEOPLE)
    settle_contacts(world.url, world.day, Run("webhooks"), workspace="seller")
    return leads


def test_answers_and_webhooks_give_identical_rows_with_the_network_forbidden(world: Any) -> None:
    fill(world)
    before, asked = world.table_sizes(), world.record()
    found = offline(world)
    assert ([], [], []) == (found.differences, found.changed, found.incomplete)
    assert found.is_identical
    counts = {table.table: table.identical for table in found.tables}
    assert {
        "core.enrichments": world.one("SELECT count(*) FROM core.enrichments WHERE answer_drop_id IS NOT NULL"),
        "core.lead_contacts": world.one("SELECT count(*) FROM core.lead_contacts"),
    } == counts
    assert found.drops + 1 == world.one(ANSWERS)  # the test is about no lead
    assert [("completed", 2), ("failed", 1)] == world.rows(
        "SELECT e.status, count(*) FROM core.enrichments e JOIN raw.drops d ON d.drop_id = e.answer_drop_id "
        "WHERE d.kind = 'webhook' GROUP BY e.status ORDER BY e.status"
    )
    assert (before, asked) == (world.table_sizes(), world.record())


@pytest.mark.parametrize(
    ("change", "table", "what", "columns"),
    [
        ("UPDATE core.lead_contacts SET email_status = 'invalid' WHERE {one} AND is_primary", "lead_contacts",
         "different", ("email_status",)),
        ("UPDATE core.lead_contacts SET is_primary = NOT is_primary WHERE {one} AND is_primary", "lead_contacts",
         "different", ("is_primary",)),
        ("DELETE FROM core.lead_contacts WHERE {one} AND contact_no = 1", "lead_contacts", "extra", ()),
        ("INSERT INTO core.lead_contacts SELECT lead_id, 9, 'X', NULL, NULL, NULL, NULL, NULL, NULL, false "
         "FROM core.lead_contacts WHERE {one} AND contact_no = 1", "lead_contacts", "missing", ()),
        ("UPDATE core.enrichments SET contacts_found = 77 WHERE {one}", "enrichments", "different",
         ("contacts_found",)),
        ("UPDATE core.enrichments SET status = 'failed', reason = 'x' WHERE {one}", "enrichments", "different",
         ("status", "reason")),
        ("DELETE FROM core.enrichments WHERE {one}", "enrichments", "extra", ()),
    ],
)  # fmt: skip
def test_each_planted_difference_is_named(
    world: Any, change: str, table: str, what: str, columns: tuple[str, ...]
) -> None:
    world.run_day()
    lead = world.one("SELECT lead_id::text FROM core.lead_contacts WHERE email_status = 'valid' ORDER BY 1 LIMIT 1")
    world.execute(change.format(one=f"lead_id = '{lead}'"))
    found = offline(world)
    assert not found.is_identical
    assert [(f"core.{table}", what, columns)] == [(one.table, one.what, one.columns) for one in found.differences]
    assert lead in found.differences[0].key


def test_an_answer_with_other_bytes_is_named_and_shows_in_its_rows(world: Any) -> None:
    world.run_day()
    drop_id = world.one("SELECT answer_drop_id FROM core.enrichments WHERE contacts_found > 0 LIMIT 1")
    world.execute("UPDATE raw.drops SET body = '{\"contacts\": []}' WHERE drop_id = %s", drop_id)
    found = offline(world)
    assert [drop_id] == found.changed
    assert {"different", "missing"} == {one.what for one in found.differences}


def test_a_lead_whose_verdict_is_not_kept_is_left_out_and_named(world: Any) -> None:
    world.run_day()
    verdict, lead = world.rows(
        "SELECT drop_id, headers ->> 'lead_id' FROM raw.drops WHERE event_type = 'verify_email' LIMIT 1"
    )[0]
    world.execute("DELETE FROM raw.drops WHERE drop_id = %s", verdict)
    found = offline(world)
    assert [world.one("SELECT answer_drop_id FROM core.enrichments WHERE lead_id = %s", lead)] == found.incomplete
    assert ([], False) == (found.differences, found.is_identical)


def test_days_that_are_not_chosen_and_leads_that_are_archived_are_not_compared(world: Any) -> None:
    world.run_day()
    nothing = offline(world, Chosen(until=world.day - dt.timedelta(days=1)))
    assert (0, 0, True) == (nothing.drops, nothing.rows, nothing.is_identical)
    lead = world.one("SELECT lead_id FROM core.lead_contacts ORDER BY 1 LIMIT 1")
    world.execute("DELETE FROM core.lead_contacts WHERE lead_id = %s", lead)
    assert not offline(world).is_identical
    world.execute("INSERT INTO core.archived_leads VALUES (%s, 'blob', 'run', now())", lead)
    found = offline(world, Chosen(since=world.day))
    assert (1, True) == (found.archived_leads, found.is_identical)


def test_two_replays_at_once_are_told_so_and_a_kept_one_leaves_its_rows(world: Any) -> None:
    world.run_day()
    replay_answers(world.url, EVERYTHING, keep=True)
    assert world.one("SELECT count(*) FROM core.lead_contacts") == world.one(
        "SELECT count(*) FROM replay.lead_contacts"
    )
    with connect(world.url) as conn:
        begin_schema(conn)
        with pytest.raises(InProgress, match="another replay"):
            replay_answers(world.url, EVERYTHING)
