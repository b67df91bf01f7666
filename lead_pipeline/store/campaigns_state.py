"""What a seller's leads are decided among: its campaigns with their members, and the books as they stand. Reads only.

The books are true for as long as the seller's row is locked: see `market_lock`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import psycopg

from lead_pipeline.domain.books import Books, Periods
from lead_pipeline.domain.candidates import Campaign, Logic, Member
from lead_pipeline.domain.rotation import Rotation
from lead_pipeline.domain.schedule import read_schedule
from lead_pipeline.errors import NotFound
from lead_pipeline.store.bulk import array_literal
from lead_pipeline.store.ledger import wallet_balances


@dataclass(frozen=True)
class Buyer:
    """What a decision says of a buyer, and below which balance (minor units) its wallet runs low; None for never."""

    name: str
    recharge_threshold: int | None


@dataclass(frozen=True)
class Offers:
    """Campaigns of one seller by id, the buyers in them by id, and the seller's IANA time zone and currency."""

    workspace_id: str
    time_zone: str
    currency: str
    campaigns: Mapping[str, Campaign]
    buyers: Mapping[str, Buyer]


def load_campaigns(conn: psycopg.Connection, workspace_id: str, campaign_ids: Sequence[str]) -> Offers:
    """These campaigns of a seller as they are now. Members are the subscriptions that are not cancelled, by position.

    Raises NotFound for one that the seller does not have. One that was deleted since is paused for good.
    """
    seller = conn.execute(_SELLER, [workspace_id]).fetchone()
    if seller is None:
        raise NotFound(f"workspace {workspace_id} sells nothing: it has no row in market.sellers")
    found = conn.execute(_CAMPAIGNS, [workspace_id, array_literal(campaign_ids)]).fetchall()
    missing = sorted(set(campaign_ids) - {campaign_id for campaign_id, _ in found})
    if missing:
        raise NotFound(f"workspace {workspace_id} has no campaign {', '.join(missing)}")
    read = [_read(text) for _, text in found]
    buyers = {buyer_id: buyer for _, of_one in read for buyer_id, buyer in of_one.items()}
    time_zone, currency = seller
    return Offers(workspace_id, time_zone, currency, {one.campaign_id: one for one, _ in read}, buyers)


def load_books(conn: psycopg.Connection, offers: Offers, periods: Periods) -> Books:
    """What the members took and spent so far in the local day, week and month; balances; whose turn it is."""
    subscription_ids = array_literal(
        member.subscription_id for campaign in offers.campaigns.values() for member in campaign.members
    )
    buyer_ids = array_literal(offers.buyers)
    spending: dict[str, dict[str, int]] = {"week": {}, "month": {}}
    for period, buyer_id, amount in conn.execute(_SPENT, [buyer_ids, periods.week, periods.month]):
        spending[period][buyer_id] = amount
    rotations = conn.execute(
        "SELECT campaign_id::text, state, decided FROM market.rotations WHERE campaign_id = ANY(%s::uuid[])",
        [array_literal(offers.campaigns)],
    )
    return Books(
        taken=dict(conn.execute(_TAKEN, [subscription_ids, periods.day]).fetchall()),
        week=spending["week"],
        month=spending["month"],
        balance=wallet_balances(conn, offers.buyers),
        rotations={one: Rotation.from_json(state, decided) for one, state, decided in rotations},
    )


_SELLER = """
SELECT w.time_zone, s.currency FROM market.sellers s JOIN core.workspaces w USING (workspace_id)
WHERE s.workspace_id = %s
"""
_TAKEN = """
SELECT subscription_id::text, leads FROM market.subscription_days WHERE subscription_id = ANY(%s::uuid[]) AND day = %s
"""
_SPENT = """
SELECT period, buyer_id::text, spent_minor FROM market.spending
WHERE buyer_id = ANY(%s::uuid[]) AND (period, starts_on) IN (('week', %s), ('month', %s))
"""
# Joined and grouped: as a subquery per campaign it was planned as a scan of every buyer for each of them.
_CAMPAIGNS = """
SELECT c.campaign_id::text, json_build_array(
    c.campaign_id, c.version, c.distribution_logic, c.price_minor, c.allow_state_selection,
    c.status = 'PAUSED' OR c.deleted_at IS NOT NULL, c.seed,
    json_agg(json_build_array(
        b.name, b.recharge_threshold_minor, s.subscription_id, s.buyer_id, s.position,
        s.status = 'ACTIVE' AND b.status = 'ACTIVE', s.states, s.schedule, s.daily_cap, b.weekly_limit_minor,
        b.monthly_limit_minor, coalesce(s.weight, b.priority), s.waterfall_rank, coalesce(s.target, 1)
    ) ORDER BY s.position) FILTER (WHERE s.subscription_id IS NOT NULL)
)::text
FROM market.campaigns c
LEFT JOIN (
    market.campaign_subscriptions s
    JOIN market.buyers b ON b.buyer_id = s.buyer_id AND b.deleted_at IS NULL AND s.status <> 'CANCELLED'
) ON s.campaign_id = c.campaign_id
WHERE c.workspace_id = %s AND c.campaign_id = ANY(%s::uuid[])
GROUP BY c.campaign_id
"""


@lru_cache(maxsize=256)
def _read(text: str) -> tuple[Campaign, dict[str, Buyer]]:
    """A campaign and its buyers by their JSON: between two changes it is asked for again and again."""
    campaign_id, version, logic, price, allows_states, is_paused, seed, rows = json.loads(text)
    buyers: dict[str, Buyer] = {}
    members = []
    for name, threshold, subscription, buyer, position, is_active, states, hours, *bounds in rows or ():
        cap, weekly, monthly, weight, rank, target = bounds
        buyers[buyer] = Buyer(name, threshold)
        members.append(
            Member(
                subscription_id=subscription,
                buyer_id=buyer,
                position=position,
                is_active=is_active,
                states=frozenset(states),
                schedule=None if hours is None else read_schedule(hours),
                daily_cap=cap,
                weekly_limit=weekly,
                monthly_limit=monthly,
                weight=weight,
                rank=rank,
                target=target,
            )
        )
    campaign = Campaign(
        campaign_id=campaign_id,
        version=version,
        logic=Logic(logic),
        price_minor=price,
        allows_states=allows_states,
        is_paused=is_paused,
        seed=seed,
        members=tuple(members),
    )
    return campaign, buyers
