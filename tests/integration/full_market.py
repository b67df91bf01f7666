"""A seller with a row in every table of the marketplace: two buyers, a supplier, a lead that one buyer bought. No test.

Two of them on one database are what the tests of access compare.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from psycopg.types.json import Jsonb

from lead_pipeline.domain.candidates import Campaign, Logic, Member, set_document
from tests.integration.market import Market, Person, insert, make_campaign, make_category, subscribe

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BALANCE = 123_456
OTHERS_BALANCE = 77_700


@dataclass(frozen=True)
class Full:
    """One seller's world. `ids` and `slugs` are of what hangs on `buyer`, by the names that routes call them."""

    seller: Person
    buyer: Person
    other_buyer: Person
    supplier: Person
    ids: dict[str, str]
    slugs: dict[str, str]

    def caller(self, role: str) -> Person:
        """Somebody with that role: of a buyer, the one that has bought."""
        return {"SELLER": self.seller, "BUYER": self.buyer, "SUPPLIER": self.supplier}[role]


def fill_market(market: Market, name: str) -> Full:
    """A seller of that name and all that it may have."""
    seller = market.seller(name)
    buyer = market.buyer(seller, f"{name} buyer", balance_minor=BALANCE, stripe_customer=f"cus_{name}")
    other = market.buyer(seller, f"{name} other", balance_minor=OTHERS_BALANCE)
    supplier = market.supplier_user(seller, f"{name} leads")
    key = market.supplier(seller, f"{name} leads")
    place = {"workspace_id": seller.workspace_id}
    with market.connect() as conn:
        category = make_category(conn, seller.workspace_id, f"{name}-kind")
        campaign = make_campaign(conn, seller.workspace_id, category_id=category, slug=f"{name}-offer")
        subscription = subscribe(conn, campaign, buyer.buyer_id)
        subscribe(conn, campaign, other.buyer_id)
        lead = insert(
            conn, "core.leads", "lead_id", **place, lead_id=uuid4(), drop_id=1, row_no=len(name), fingerprint=uuid4(),
            type="INDIVIDUAL", country_inferred=False, received_at=NOON, day=NOON.date(), flags=[], full_name=name,
        )  # fmt: skip
        insert(
            conn, "market.campaign_leads", "lead_id", **place, lead_id=lead, campaign_id=campaign,
            category_id=category, supplier_id=supplier.supplier_id, state="CA", supplier_quality="HOT", lead_score=80,
            score_parts=Jsonb({}), received_at=NOON, day=NOON.date(), outcome="assigned", decided_at=NOON,
        )  # fmt: skip
        insert(
            conn, "core.lead_assignments", "lead_id", lead_id=lead, destination_kind="buyer", run_id="t",
            destination_id=buyer.buyer_id, rule_set_version=1, price_minor=2500, reason="its turn", decided_at=NOON,
        )  # fmt: skip
        _decided(conn, campaign, subscription, buyer.buyer_id, lead)
        insert(conn, "market.rotations", "campaign_id", campaign_id=campaign, state=Jsonb({}))
        insert(
            conn, "market.subscription_days", "day", subscription_id=subscription, day=NOON.date(), leads=1
        )  # fmt: skip
        insert(
            conn, "market.spending", "period", buyer_id=buyer.buyer_id, period="week", starts_on=NOON.date(),
            spent_minor=2500,
        )  # fmt: skip
        notice = insert(
            conn, "market.notices", "notice_id", **place, buyer_id=buyer.buyer_id, kind="low_balance",
            key=f"test/{name}", created_at=NOON,
        )  # fmt: skip
        method = insert(
            conn, "market.payment_methods", "payment_method_id", **place, payment_method_id=f"pm_{name}",
            buyer_id=buyer.buyer_id, brand="visa", last4="4242", exp_month=1, exp_year=2030, is_primary=True,
            created_at=NOON,
        )  # fmt: skip
        insert(
            conn, "market.payments", "payment_id", **place, buyer_id=buyer.buyer_id, kind="fund", amount_minor=1,
            currency="USD", payment_method_id=method, created_at=NOON, state="failed", settled_at=NOON,
        )  # fmt: skip
        endpoint, delivery = _told(conn, place, buyer.buyer_id, lead)
        template = insert(
            conn, "outbound.email_templates", "template_id", **place, name=name, subject=name, body=name,
            updated_at=NOON,
        )  # fmt: skip
        platform = insert(
            conn, "outbound.platform_accounts", "platform", **place, provider="http", url="https://platform.example",
            platform="tech-platform" if name == "ours" else "finance-platform", credentials_sealed=b"sealed",
            updated_by="test", updated_at=NOON,
        )  # fmt: skip
        [key_id] = conn.execute(
            "SELECT key_id::text FROM core.api_keys WHERE supplier_id = %s", [market.suppliers[key]]
        ).fetchone()
    ids = {
        "category": category, "campaign": campaign, "subscription_id": subscription, "buyer_id": buyer.buyer_id,
        "supplier_id": supplier.supplier_id, "lead_id": lead, "key_id": key_id, "method": method,
        "notification_id": f"notice-{notice}", "endpoint_id": endpoint, "delivery_id": delivery,
        "template": template, "platform": platform,
    }  # fmt: skip
    return Full(seller, buyer, other, supplier, ids, {**ids, "category": f"{name}-kind", "campaign": f"{name}-offer"})


def _decided(conn: Any, campaign: str, subscription: str, buyer: str, lead: str) -> None:
    """The lead's decision: that buyer was the only one there was."""
    member = Member(subscription, buyer, position=1)
    rules, members = set_document(Campaign(campaign, 1, Logic.ROUND_ROBIN, 2500, False, False, None, (member,)))
    made = insert(
        conn, "market.candidate_sets", "set_id", sha256=uuid4().bytes * 2, campaign_id=campaign, campaign_version=1,
        rules=Jsonb(rules), members=Jsonb(members),
    )  # fmt: skip
    insert(
        conn, "core.assignment_candidates", "lead_id", lead_id=lead, set_id=int(made), outcome="assigned", decided=0,
        local_time=NOON.replace(tzinfo=None), flags=b"\x80", observed=bytes(8), run_id="t", decided_at=NOON,
    )  # fmt: skip


def _told(conn: Any, place: dict[str, str], buyer: str, lead: str) -> tuple[str, str]:
    """A webhook of the buyer, a message to it that died, and what an e-mail cost: the ids of the first two."""
    endpoint = insert(
        conn, "outbound.destinations", "destination_id", **place, buyer_id=buyer, channel="webhook",
        address_sealed=b"sealed", secret_sealed=b"sealed", shown="hooks.example.com", kinds=["new_lead"],
    )  # fmt: skip
    message = {
        **place, "buyer_id": buyer, "lead_id": lead, "kind": "new_lead", "subject": f"lead/{lead}", "attempts": 1,
        "day": NOON.date(), "run_id": "t", "intended_at": NOON, "settled_at": NOON,
    }  # fmt: skip
    delivery = insert(
        conn, "outbound.deliveries", "delivery_id", **message, delivery_id=uuid4(), destination_id=endpoint,
        channel="webhook", state="dead", error="it answered 500", payload='{"type": "new_lead"}',
    )  # fmt: skip
    insert(
        conn, "outbound.delivery_attempts", "attempt_no", delivery_id=delivery, attempt_no=1, action="send",
        outcome="unavailable", status=500, seconds=0.1, run_id="t", attempted_at=NOON,
    )  # fmt: skip
    cost = {"currency": "USD", "units": 1, "base_micros": 400, "markup_micros": 60, "run_id": "t"}
    insert(
        conn, "outbound.usage_log", "delivery_id", **place, **cost, delivery_id=uuid4(), buyer_id=buyer,
        channel="email", provider="resend", markup_percent=15, occurred_at=NOON,
    )  # fmt: skip
    insert(
        conn, "outbound.usage_statements", "month", **place, **cost, month=NOON.date().replace(day=1), channel="email",
        deliveries=1, total_minor=0, closed_at=NOON,
    )  # fmt: skip
    return endpoint, delivery
