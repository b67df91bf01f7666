"""A day's decisions held against what they were made from: candidates alone give the winners, and charges the sales.

Writes nothing. Whether the whole ledger adds up is `verify_ledger`'s business.
"""

from datetime import date

import pandas as pd

from lead_pipeline.domain.candidates import Campaign
from lead_pipeline.domain.replay import redecide, winners
from lead_pipeline.store.connections import connect
from lead_pipeline.store.decided_leads import Decided, campaigns_of_sets, decided_on, wrong_charges


def replay_candidates(url: str, day: date) -> tuple[int, list[str]]:
    """How many rows of candidates of a UTC day were decided again, and the leads of those that came out otherwise.

    The winners by a row's flags and turns must be the buyers who have the lead, and the engine of today must write the
    same row from the row's own inputs.
    """
    replayed, wrong = 0, []
    campaigns: dict[int, Campaign] = {}
    with connect(url) as conn:
        for chunk in decided_on(conn, day):
            new = {one.set_id for one in chunk} - campaigns.keys()
            campaigns |= campaigns_of_sets(conn, sorted(new))
            replayed += len(chunk)
            wrong += [one.lead_id for one in chunk if not _holds(one, campaigns.get(one.set_id))]
    return replayed, sorted(set(wrong))


def uncharged_sales(url: str, day: date) -> pd.DataFrame:
    """Sales of a UTC day without their charge, and charges without their sale."""
    with connect(url) as conn:
        return wrong_charges(conn, day)


def _holds(one: Decided, campaign: Campaign | None) -> bool:
    if campaign is None:
        return False
    buyers = {member.subscription_id: member.buyer_id for member in campaign.members}
    try:
        won = [buyers[subscription_id] for subscription_id in winners(campaign, one.row)]
        return won == one.buyers and redecide(campaign, one.row) == one.row
    except ValueError:  # no row that can have been decided among this set
        return False
