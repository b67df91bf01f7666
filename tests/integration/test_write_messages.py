"""Messages in words, from the rows of a real marketplace: each tells what is there, and one bad row is one bad row."""

import datetime as dt
import json
import time
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from lead_pipeline.cli.preview_facts import HOSTILE
from lead_pipeline.steps.write_messages import Senders, Unwritten, write_messages
from lead_pipeline.store.intents import intend_sales
from tests.integration.market import insert
from tests.integration.small_market import BUYERS, WORKSPACE, fill, lead_id

pytestmark = pytest.mark.integration
AT = dt.datetime(2026, 3, 1, 15, 0, 1, tzinfo=dt.UTC)
SENDERS = Senders("Pipeline <notes@ours.example>", {"sendgrid": "grid@ours.example"}, "resend")
_PENDING = """
    SELECT delivery_id::text, kind, channel, workspace_id::text, buyer_id::text, destination_id::text, lead_id::text,
        subject, context, intended_at FROM outbound.deliveries ORDER BY seq
"""


@pytest.fixture
def conn(database):
    with database.connect() as opened:
        fill(opened)
        yield opened


def destination(conn, *, buyer=None, channel="email", workspace=WORKSPACE, **more):
    columns = {"webhook": {"secret_sealed": b"s"}, "sms": {"opted_in_at": AT}}.get(channel, {})
    return insert(
        conn, "outbound.destinations", "destination_id", workspace_id=workspace, buyer_id=buyer, channel=channel,
        address_sealed=b"a", kinds=["new_lead", "hot_lead"], **columns, **more,
    )  # fmt: skip


def message(destination_id, kind="new_lead", *, channel="email", buyer=None, lead=None, context=None, **more):
    return Unwritten(
        str(uuid4()), kind, channel, more.get("workspace", WORKSPACE), buyer, destination_id, lead,
        f"lead/{lead}", context or {}, AT,
    )  # fmt: skip


def written(conn, *messages, senders=SENDERS):
    made = write_messages(conn, messages, senders=senders)
    assert {one.delivery_id for one in messages} == set(made)
    return [made[one.delivery_id] for one in messages]


def routed(conn, *, workspace=WORKSPACE, **columns):
    """A company's lead, scored, enriched and routed to a workspace."""
    lead = str(uuid4())
    more = {"type": "COMPANY", "country_inferred": False, "received_at": AT, "day": AT.date(), "flags": []}
    insert(
        conn, "core.leads", "lead_id", **{"company_name": "Northwind", "domain": "northwind.example", **more},
        lead_id=lead, workspace_id=workspace, drop_id=1, row_no=int(uuid4()) % 10**9, fingerprint=lead,
        signals=Jsonb([{"signal_type": "researching_topic", "topic": "solar"}]), **columns,
    )  # fmt: skip
    insert(
        conn, "core.intent_scores", "lead_id", lead_id=lead, drop_id=1, band="warm", high_count=1, medium_count=0,
        low_count=0, run_id="r", scored_at=AT,
    )  # fmt: skip
    insert(
        conn, "core.lead_assignments", "lead_id", lead_id=lead, destination_kind="workspace", rule_set_version=0,
        destination_id=workspace, reason="no rule matched", run_id="r", decided_at=AT,
    )  # fmt: skip
    for number, status in ((1, "valid"), (2, "invalid")):
        insert(
            conn, "core.lead_contacts", "contact_no", lead_id=lead, contact_no=number, full_name=f"Grace {number}",
            email=f"grace{number}@northwind.example", email_status=status, title="VP", is_primary=number == 1,
        )  # fmt: skip
    return lead


def test_what_a_sale_writes_down_is_told_to_its_buyer_with_price_score_and_zone(conn):
    conn.execute("UPDATE outbound.destinations SET time_zone = 'Asia/Tokyo' WHERE buyer_id = %s", [BUYERS["B1"]])
    conn.execute('UPDATE core.leads SET attributes = \'{"roofType": "slate", "supplier_quality": "HOT"}\'')
    assert 1 == intend_sales(conn, [lead_id(1)], [BUYERS["B1"]], now=AT, run_id="r")
    [row] = conn.execute(_PENDING).fetchall()
    [made] = written(conn, Unwritten(*row))
    text = made.content["text"]
    assert "New lead: Ada (Rotation)" == made.content["subject"]
    assert "Ada <notes@ours.example>" == made.content["sender"]
    for words in ("Lead score: 61", "Price: 25.00 USD", "ada@example.com", "Roof type: slate", "2 Mar 2026, 00:00 JST",
                  "sent this to B1"):  # fmt: skip
        assert words in text
    assert "upplier" not in text


def test_a_webhook_tells_of_the_sale_in_the_agreed_fields(conn):
    hook = destination(conn, buyer=BUYERS["B1"], channel="webhook")
    [made] = written(conn, message(hook, channel="webhook", buyer=BUYERS["B1"], lead=lead_id(1)))
    body = json.loads(made.content["body"])
    assert ("lead.assigned", "2026-03-01T15:00:01Z") == (body["event"], body["timestamp"])
    assert {
        "leadId": lead_id(1), "buyerId": BUYERS["B1"], "firstName": None, "lastName": None, "email": "ada@example.com",
        "price": "25.00", "currency": "USD", "state": "NY", "campaign": "Rotation", "category": "Solar",
    }.items() <= body["data"].items()  # fmt: skip


def test_a_routed_lead_is_told_with_company_signals_and_the_contacts_that_can_be_written_to(conn):
    ours = destination(conn)
    [made] = written(conn, message(ours, "hot_lead", lead=routed(conn)))
    assert "Hot lead: Northwind" == made.content["subject"]
    for words in ("[WARM LEAD] Northwind", "Routed to you: no rule matched", "Researching topic: solar; strength: high",
                  "VP: Grace 1", "grace1@northwind.example"):  # fmt: skip
        assert words in made.content["text"]
    assert "Grace 2" not in made.content["text"]


def test_leads_of_a_drop_are_told_together_and_those_that_are_gone_are_counted(conn):
    leads = [routed(conn), routed(conn, full_name="Jane Doe"), str(uuid4()), "no id"]
    context = {"rule": "Technology", "count": 4, "drop_id": 1, "lead_ids": leads}
    [made] = written(conn, message(destination(conn), "routed_leads", context=context))
    assert "4 new leads by rule Technology" == made.content["subject"]
    assert 2 == made.content["text"].count("- Northwind; intent: warm")
    assert "And 2 more." in made.content["text"]


def test_brand_provider_and_zone_are_the_workspaces_own(conn):
    branding = {"name": "Bright", "color": "#112233", "reply_to": "hi@bright.example"}
    conn.execute(
        'UPDATE core.workspaces SET branding = %s, settings = \'{"email_provider": "sendgrid"}\'', [Jsonb(branding)]
    )
    notice = {"balance": "1.00 USD"}
    [made] = written(conn, message(destination(conn, buyer=BUYERS["B1"]), "low_balance", context=notice))
    assert ("Bright <grid@ours.example>", "hi@bright.example") == (made.content["sender"], made.content["reply_to"])
    assert "#112233" in made.content["html"]
    assert "Times are in America/New_York." in made.content["text"]


def test_what_is_gone_says_so_and_holds_up_nobody(conn):
    mail = destination(conn, buyer=BUYERS["B1"])
    conn.execute("INSERT INTO core.archived_leads VALUES (%s, 'blob', 'r', now())", [lead_id(3)])
    made = written(
        conn,
        message(mail, buyer=BUYERS["B1"], lead=lead_id(3)),
        message(mail, buyer=BUYERS["B1"], lead=lead_id(2)),
        message(mail, lead=str(uuid4())),
        message(mail),
        message(str(uuid4()), buyer=BUYERS["B1"], lead=lead_id(1)),
        message(mail, "card_declined", context={"amount": "1.00 USD"}),
        message(mail, "low_balance"),
        message(mail, "routed_leads", context={"rule": "x"}),
        message(mail, "daily_summary", context={"campaigns": [1]}),
        message(mail, "card_declined", context={"amount": "1 USD", "reason": "x", "next_attempt_at": HOSTILE}),
        message(mail, "gossip"),
        message(mail, "outreach", channel="sms"),
        message(mail, buyer=BUYERS["B1"], lead=lead_id(1)),
    )
    told = [one.missing for one in made]
    assert ["its lead is archived, or never came to this receiver."] * 4 + ["its receiver is gone."] == told[:5]
    assert all(one.startswith("what it tells is not what its kind says") for one in told[5:10])
    assert ["there are no words for gossip by email.", "there are no words for outreach by sms."] == told[10:12]
    assert told[12] is None
    assert made[12].content is not None
    assert HOSTILE[:8] not in str(told)


def test_a_buyer_is_never_told_of_a_lead_that_another_bought(conn):
    mail = destination(conn, buyer=BUYERS["B2"])
    [made] = written(conn, message(mail, buyer=BUYERS["B2"], lead=lead_id(1)))
    assert made.content is None


def test_the_same_rows_give_the_same_bytes_in_any_order_and_hostile_ones_are_inert(conn):
    conn.execute("UPDATE core.leads SET full_name = %s, email = %s", [HOSTILE.replace("\x00", ""), "a\r\nb@c.example"])
    mail = destination(conn, buyer=BUYERS["B1"])
    pair = [message(mail, buyer=BUYERS["B1"], lead=lead_id(number)) for number in (1, 3)]
    first, second = written(conn, *pair), written(conn, *reversed(pair))
    assert first == second[::-1]
    for made in first:
        assert "<script" not in made.content["html"]
        assert "\n" not in made.content["subject"]


class Counting(psycopg.Cursor):
    """Counts what is asked of the database."""

    asked = 0

    def execute(self, *query, **more):
        Counting.asked += 1
        return super().execute(*query, **more)


def test_five_hundred_messages_take_a_query_a_family_and_well_under_a_second(conn):
    mail, leads = destination(conn), [routed(conn) for _ in range(50)]
    messages = [message(mail, lead=leads[number % 50]) for number in range(500)]
    written(conn, messages[0])
    conn.cursor_factory, Counting.asked = Counting, 0
    started = time.process_time()
    made = written(conn, *messages)
    assert time.process_time() - started < 1.0
    assert 2 == Counting.asked
    assert all(one.content for one in made)
