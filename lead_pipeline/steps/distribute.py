"""Offered leads to buyers: decided, charged and counted in the caller's transaction. Live and in batches, the one step.

What decides is `domain.distribution`. Which leads wait is not asked here: `distribute_waiting`.
"""

from collections import Counter
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import psycopg

from lead_pipeline.domain.books import Books, periods_of
from lead_pipeline.domain.candidates import Check
from lead_pipeline.domain.distribution import Decisions, distribute
from lead_pipeline.errors import ContractBroken
from lead_pipeline.steps.run import Run
from lead_pipeline.store.campaign_assignments import insert_buyer_assignments, save_outcomes, standing_of
from lead_pipeline.store.campaigns_state import Offers, load_books, load_campaigns
from lead_pipeline.store.candidate_sets import Moment, insert_candidates, latest_rounds, set_ids
from lead_pipeline.store.intents import intend_sales
from lead_pipeline.store.ledger import account_ids, insert_charges
from lead_pipeline.store.market_lock import lock_sellers
from lead_pipeline.store.recharges import request_recharges
from lead_pipeline.store.selling_counters import count_leads, note_spending, save_rotations

DECIDED_COLUMNS = (
    "lead_id", "campaign_id", "outcome", "subscription_id", "buyer_id", "buyer", "price_minor", "currency", "reason",
)  # fmt: skip
_ROUND = ["set_id", "outcome", "flags"]


def distribute_leads(conn: psycopg.Connection, leads: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Decide offered leads one after another, in the caller's transaction; the sellers stay locked until its end.

    Args:
        leads: columns lead_id, workspace_id, campaign_id and state of leads that are in market.campaign_leads. One that
            is sold already is left as it is.

    Returns:
        DECIDED_COLUMNS: by seller a row per sale, then one per lead that nobody got, its buyer missing. `price_minor`
        in minor units of `currency`.

    Raises:
        NotFound: a workspace that sells nothing, or a campaign that its seller does not have.
        ContractBroken: a lead that was not offered.
    """
    sellers = leads["workspace_id"].unique().tolist()
    lock_sellers(conn, sellers)
    before = _before(conn, leads)
    undecided = leads.assign(before=before)[(before != "assigned").to_numpy()]
    decided = [
        _decide(conn, seller, of_one, run)
        for seller in sellers
        if len(of_one := undecided[(undecided["workspace_id"] == seller).to_numpy()])
    ]
    return pd.concat(decided) if decided else pd.DataFrame(columns=list(DECIDED_COLUMNS))


def _before(conn: psycopg.Connection, leads: pd.DataFrame) -> pd.Series:
    """What became of the leads before, missing where nothing did."""
    offered, before = standing_of(conn, leads["lead_id"].tolist())
    if offered < len(leads):
        raise ContractBroken(
            f"{len(leads) - offered} of {len(leads)} leads are given twice or not in market.campaign_leads: "
            "offer each before it is decided"
        )
    return leads["lead_id"].map(before) if before else pd.Series(None, index=leads.index, dtype="str")


def _decide(conn: psycopg.Connection, workspace_id: str, leads: pd.DataFrame, run: Run) -> pd.DataFrame:
    offers = load_campaigns(conn, workspace_id, leads["campaign_id"].unique().tolist())
    now = run.clock()
    periods = periods_of(now, offers.time_zone)
    books = load_books(conn, offers, periods)
    local = now.astimezone(ZoneInfo(offers.time_zone))
    decisions = distribute(leads[["lead_id", "campaign_id", "state"]], offers.campaigns, books, local)
    _write_down(conn, offers, leads, decisions, Moment(now, local, run.run_id))
    save_rotations(conn, books.rotations)
    sold = decisions.assignments
    if len(sold):
        versions = {campaign_id: campaign.version for campaign_id, campaign in offers.campaigns.items()}
        insert_buyer_assignments(conn, sold, versions, run_id=run.run_id, now=now)
        _charge(conn, offers, sold, Moment(now, local, run.run_id))
        count_leads(conn, periods.day, Counter(sold["subscription_id"].tolist()))
        note_spending(conn, periods, _spent(sold))
        lead_ids, buyer_ids = sold["lead_id"].tolist(), sold["buyer_id"].tolist()
        intend_sales(conn, lead_ids, buyer_ids, now=now, run_id=run.run_id)
    request_recharges(conn, _short_of_money(offers, books, decisions), now, run_id=run.run_id)
    return _told(offers, decisions)


def _write_down(
    conn: psycopg.Connection, offers: Offers, leads: pd.DataFrame, decisions: Decisions, moment: Moment
) -> None:
    """The outcome of every lead; its candidates, again only where another decision changed something."""
    sets = set_ids(conn, offers.campaigns.values())
    rows = decisions.considered.assign(set_id=decisions.considered["campaign_id"].map(sets), round=1)
    save_outcomes(conn, rows, moment.now)
    is_again = leads["before"].notna().to_numpy()
    if is_again.any():
        rows = _changed(rows, latest_rounds(conn, leads["lead_id"][is_again].tolist()))
    insert_candidates(conn, rows, moment)


def _changed(rows: pd.DataFrame, last: pd.DataFrame) -> pd.DataFrame:
    """Rows that are not what the lead's last round was, numbered after it."""
    both = rows.merge(last, on="lead_id", how="left", suffixes=("", "_last"))
    is_same = pd.Series(True, index=both.index)
    for name in _ROUND:
        is_same &= both[name] == both[f"{name}_last"]
    both["round"] = both["round_last"].fillna(0).astype("int64") + 1
    return both.loc[~is_same, list(rows.columns)]


def _charge(conn: psycopg.Connection, offers: Offers, sold: pd.DataFrame, moment: Moment) -> None:
    accounts = account_ids(conn, offers.workspace_id, sold["buyer_id"].unique().tolist())
    insert_charges(
        conn,
        pd.DataFrame(
            {
                "lead_id": sold["lead_id"].array,
                "buyer_id": sold["buyer_id"].array,
                "workspace_id": offers.workspace_id,
                "amount_minor": sold["price_minor"].array,
                "wallet_account": [accounts.wallet[buyer_id] for buyer_id in sold["buyer_id"].array],
                "revenue_account": accounts.revenue,
                "reason": sold["reason"].array,
                "run_id": moment.run_id,
                "occurred_at": moment.now.isoformat(),
            }
        ),
    )


def _spent(sold: pd.DataFrame) -> dict[str, int]:
    """What each buyer was charged."""
    spent: Counter[str] = Counter()
    for buyer_id, price in zip(sold["buyer_id"].tolist(), sold["price_minor"].tolist(), strict=True):
        spent[buyer_id] += price
    return spent


def _short_of_money(offers: Offers, books: Books, decisions: Decisions) -> list[str]:
    """Buyers whose wallet fell below its threshold, or who lost a lead for nothing but their wallet."""
    charged = decisions.assignments["buyer_id"].unique().tolist()
    low = {
        buyer_id
        for buyer_id in charged
        if (threshold := offers.buyers[buyer_id].recharge_threshold) is not None
        and books.balance.get(buyer_id, 0) < threshold
    }
    flags_of: dict[str, list[bytes]] = {}
    for campaign_id, flags in zip(decisions.considered["campaign_id"], decisions.considered["flags"], strict=True):
        flags_of.setdefault(campaign_id, []).append(flags)
    for campaign_id, of_one in flags_of.items():
        members = offers.campaigns[campaign_id].members
        table = np.frombuffer(b"".join(of_one), dtype=np.uint8).reshape(-1, max(1, len(members)))
        for place in np.flatnonzero((table == Check.WALLET).any(axis=0)).tolist():
            low.add(members[place].buyer_id)
    return sorted(low)


def _told(offers: Offers, decisions: Decisions) -> pd.DataFrame:
    """What the caller is told: sales in the order of the leads, then leads that nobody got in theirs."""
    sold, considered = decisions.assignments, decisions.considered
    told = pd.DataFrame(
        {
            "lead_id": sold["lead_id"].array,
            "campaign_id": sold["campaign_id"].array,
            "outcome": "assigned",
            "subscription_id": sold["subscription_id"].array,
            "buyer_id": sold["buyer_id"].array,
            "buyer": pd.array([offers.buyers[buyer_id].name for buyer_id in sold["buyer_id"].array], dtype="str"),
            "price_minor": pd.array(sold["price_minor"].to_numpy(), dtype="Int64"),
            "currency": offers.currency,
            "reason": sold["reason"].array,
        }
    )
    is_unsold = (considered["outcome"] != "assigned").to_numpy()
    if is_unsold.any():
        unsold = considered.loc[is_unsold, ["lead_id", "campaign_id", "outcome"]].assign(currency=offers.currency)
        told = pd.concat([told, unsold]) if len(told) else unsold.reindex(columns=told.columns).astype(told.dtypes)
    return told
