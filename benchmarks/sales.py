"""Sellers of the size that a benchmark asks for: campaigns of all logics, buyers with bounds, leads that are offered.

Bounds of every kind are in force: caps, states, opening hours, limits a week and a month, wallets that run dry.
"""

import json
import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import psycopg

from lead_pipeline.domain.candidates import Logic
from lead_pipeline.domain.geography import REGIONS
from lead_pipeline.domain.identity import lead_ids
from lead_pipeline.steps.move_money import fund
from lead_pipeline.steps.run import Run
from lead_pipeline.store.bulk import copy_frame
from lead_pipeline.store.workspaces import save_workspace

NOW = datetime(2026, 3, 3, 17, 30, tzinfo=UTC)
"""A Tuesday, half past twelve where the sellers are."""
CAMPAIGNS, MEMBERS, PRICE = 20, 50, 2500
_ZONE, _SEED = "America/New_York", 20260101
_STATES = sorted(state for region in REGIONS.values() for state in region)
_HOURS = (
    None,
    None,
    [{"days": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:00"}],
    [{"days": [1, 2, 3, 4, 5, 6, 7], "from": "18:00", "to": "02:00"}],
)


def make_market(conn: psycopg.Connection, sellers: int = 1) -> list[str]:
    """CAMPAIGNS campaigns of so many sellers, with MEMBERS buyers each, every buyer in one. Returns their ids."""
    draw, logics = random.Random(_SEED), list(Logic)
    owners = [_make_seller(conn, number) for number in range(sellers)]
    made = []
    for number in range(CAMPAIGNS):
        logic, (seller, category) = logics[number % len(logics)], owners[number * sellers // CAMPAIGNS]
        campaign = _one(
            conn,
            "INSERT INTO market.campaigns (workspace_id, category_id, slug, name, price_minor, distribution_logic, "
            "allow_state_selection) VALUES (%s, %s, %s, 'Offer', %s, %s, %s) RETURNING campaign_id",
            seller, category, f"offer-{number}", PRICE, logic.value, logic is Logic.BROADCAST or number % 2 == 0,
        )  # fmt: skip
        made.append(campaign)
        for position in range(1, MEMBERS + 1):
            _subscribe(conn, draw, seller, campaign, position, few_states=logic is Logic.BROADCAST)
    return made


def _make_seller(conn: psycopg.Connection, number: int) -> tuple[str, str]:
    seller = save_workspace(conn, slug=f"sales-{number}", name="Sales", plan="pro")
    conn.execute("UPDATE core.workspaces SET time_zone = %s WHERE workspace_id = %s", [_ZONE, seller])
    conn.execute(
        "INSERT INTO market.sellers (workspace_id, invite_code) VALUES (%s, %s)", [seller, f"SALES{number + 222}"]
    )
    category = (
        "INSERT INTO market.categories (workspace_id, slug, name) VALUES (%s, 'all', 'All') RETURNING category_id"
    )
    return seller, _one(conn, category, seller)


def _subscribe(
    conn: psycopg.Connection, draw: random.Random, seller: str, campaign: str, position: int, *, few_states: bool
) -> None:
    weekly, monthly = draw.choice((None, None, 400 * PRICE)), draw.choice((None, None, 900 * PRICE))
    buyer = _one(
        conn,
        "INSERT INTO market.buyers (workspace_id, name, priority, weekly_limit_minor, monthly_limit_minor) "
        "VALUES (%s, %s, %s, %s, %s) RETURNING buyer_id",
        seller, f"Buyer {position}", draw.randint(1, 10), weekly, monthly,
    )  # fmt: skip
    leads = draw.choice((50, 1_000, 5_000, 5_000))
    fund(
        conn, workspace_id=seller, buyer_id=buyer, amount_minor=leads * PRICE, key=f"benchmark/{buyer}",
        reason="benchmark", run=Run("benchmark", lambda: NOW),
    )  # fmt: skip
    states = draw.sample(_STATES, 3 if few_states else draw.choice((5, 20, 40)))
    hours = draw.choice(_HOURS)
    conn.execute(
        "INSERT INTO market.campaign_subscriptions (workspace_id, campaign_id, buyer_id, position, daily_cap, states, "
        "waterfall_rank, target, schedule) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            seller, campaign, buyer, position, draw.choice((None, 100, 250, 1_000)), states,
            draw.randint(1, 20), draw.randint(50, 500), None if hours is None else json.dumps(hours),
        ],
    )  # fmt: skip


def offer_leads(conn: psycopg.Connection, campaigns: list[str], count: int, *, drop_id: int) -> None:
    """`count` leads in `market.campaign_leads`, spread evenly and in no order over the campaigns and the states."""
    chance = np.random.default_rng(_SEED + drop_id)
    received = NOW - timedelta(minutes=10)
    owners = "SELECT campaign_id::text, workspace_id::text, category_id::text FROM market.campaigns"
    owner_of = {campaign: owner for campaign, *owner in conn.execute(owners)}
    picked = pd.Series(campaigns, dtype="str").take(chance.integers(len(campaigns), size=count)).reset_index(drop=True)
    frame = pd.DataFrame(
        {
            "lead_id": lead_ids(int(received.timestamp() * 1000), drop_id, np.arange(count)),
            "workspace_id": picked.map({campaign: owner[0] for campaign, owner in owner_of.items()}),
            "campaign_id": picked,
            "category_id": picked.map({campaign: owner[1] for campaign, owner in owner_of.items()}),
            "state": np.array(_STATES, dtype=object)[chance.integers(len(_STATES), size=count)],
            "supplier_quality": "HOT",
            "lead_score": 80,
            "score_parts": "{}",
            "received_at": received.isoformat(),
            "day": received.date().isoformat(),
        }
    )
    copy_frame(conn, "market.campaign_leads", frame)


def _one(conn: psycopg.Connection, query: str, *parameters: object) -> str:
    row = conn.execute(query, parameters).fetchone()
    assert row is not None
    return str(row[0])
