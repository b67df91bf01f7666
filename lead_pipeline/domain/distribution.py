"""Which buyers get each lead of a campaign, in the order given, and every member that was considered.

Holds the decision for columns, live and batch alike. Does not hold the checks (`eligibility`), the logics (`turns`,
`weighted_turns`), how a decision is written down (`evidence`) or explained (`explanation`), nor where anything is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from lead_pipeline.domain.books import Books
from lead_pipeline.domain.candidates import Campaign, Logic, Member
from lead_pipeline.domain.eligibility import Account
from lead_pipeline.domain.evidence import Evidence, Outcome
from lead_pipeline.domain.race import Race

_Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Decisions:
    """What became of the leads, in their order.

    `assignments`: one row per sale: lead_id, campaign_id, subscription_id, buyer_id (str), price_minor (int64),
    seq (int64, 1.. per lead), reason (str). `considered`: one row per lead: lead_id, campaign_id, outcome (str),
    decided (int64), flags, observed (bytes, as in `evidence.Row`; empty where the campaign is paused).
    """

    assignments: pd.DataFrame
    considered: pd.DataFrame


def distribute(leads: pd.DataFrame, campaigns: Mapping[str, Campaign], books: Books, local: datetime) -> Decisions:
    """Decide leads of one workspace, one after another in the order given.

    Args:
        leads: one row per lead: lead_id, campaign_id, state (str; NaN where it has none).
        campaigns: by campaign_id, every one that a lead names.
        books: changed to what they are after the last lead.
        local: the moment of the decision on the workspace's clock; one for the whole call.

    Raises:
        ValueError: a lead names a campaign that was not handed in.
    """
    codes, names = pd.factorize(leads["campaign_id"])
    missing = {str(name) for name in names} - campaigns.keys()
    if missing or (codes < 0).any():
        raise ValueError(f"leads name campaigns that were not handed in: {', '.join(sorted(missing)) or 'none named'}")
    named = [campaigns[name] for name in names]
    states, known = pd.factorize(leads["state"])
    counts = np.bincount(codes, minlength=len(named)).tolist()
    accounts: dict[str, Account] = {}
    races = {
        code: Race(campaign, [*known, None], books, accounts, local=local, count=count)
        for code, (campaign, count) in enumerate(zip(named, counts, strict=True))
        if not campaign.is_paused
    }
    for account in accounts.values():
        account.review()
    sold = _decide(races, codes, np.where(states < 0, len(known), states))
    considered = _considered(leads, named, codes, races, books)
    for race in races.values():
        race.leave(books)
    return Decisions(assignments=_assignments(leads, named, codes, sold), considered=considered)


def _decide(races: Mapping[int, Race], codes: _Codes, states: _Codes) -> list[tuple[int, int]]:
    """(lead, number of the member in its campaign) of every sale, in order."""
    sold: list[tuple[int, int]] = []
    for lead, (code, state) in enumerate(zip(codes.tolist(), states.tolist(), strict=True)):
        if code in races:
            sold.extend((lead, number) for number in races[code].decide(state))
    return sold


def _considered(
    leads: pd.DataFrame, named: Sequence[Campaign], codes: _Codes, races: Mapping[int, Race], books: Books
) -> pd.DataFrame:
    written: dict[str, npt.NDArray[np.object_]] = {
        column: np.empty(len(leads), np.object_) for column in ("outcome", "flags", "observed")
    }
    decided = np.zeros(len(leads), np.int64)
    for code, campaign in enumerate(named):
        rows = np.flatnonzero(codes == code)
        if code in races:
            evidence, first, step = races[code].evidence(), races[code].first_decided, 1
        else:
            evidence, step = _paused(len(rows)), 0
            first = books.rotations[campaign.campaign_id].decided if campaign.campaign_id in books.rotations else 0
        decided[rows] = first + step * np.arange(len(rows))
        for column, values in (
            ("outcome", evidence.outcomes),
            ("flags", evidence.flags),
            ("observed", evidence.observed),
        ):
            written[column][rows] = values
    return pd.DataFrame(
        {
            "lead_id": leads["lead_id"].array,
            "campaign_id": leads["campaign_id"].array,
            "outcome": pd.array(written["outcome"], dtype="str"),
            "decided": decided,
            "flags": written["flags"],
            "observed": written["observed"],
        }
    )


def _paused(count: int) -> Evidence:
    return Evidence([b""] * count, [b""] * count, [Outcome.CAMPAIGN_PAUSED.value] * count)


def _assignments(
    leads: pd.DataFrame, named: Sequence[Campaign], codes: _Codes, sold: list[tuple[int, int]]
) -> pd.DataFrame:
    pairs = np.array(sold, np.intp).reshape(-1, 2)
    lead, number = pairs[:, 0], pairs[:, 1]
    sizes = [len(campaign.members) for campaign in named]
    member = np.cumsum([0, *sizes])[codes[lead]] + number
    members = [(campaign, one) for campaign in named for one in campaign.members]
    starts = np.flatnonzero(np.diff(lead, prepend=-1))
    return pd.DataFrame(
        {
            "lead_id": leads["lead_id"].array.take(lead),
            "campaign_id": leads["campaign_id"].array.take(lead),
            "subscription_id": _take([one.subscription_id for _, one in members], member),
            "buyer_id": _take([one.buyer_id for _, one in members], member),
            "price_minor": np.array([campaign.price_minor for campaign in named], np.int64)[codes[lead]],
            "seq": np.arange(len(lead)) - np.repeat(starts, np.diff([*starts, len(lead)])) + 1,
            "reason": _take([_reason(campaign, one) for campaign, one in members], member),
        }
    )


def _take(choices: list[str], codes: _Codes) -> Any:
    return pd.array(choices, dtype="str").take(codes)


def _reason(campaign: Campaign, winner: Member) -> str:
    match campaign.logic:
        case Logic.ROUND_ROBIN:
            return "Round robin: next in turn"
        case Logic.WEIGHTED_ROUND_ROBIN if campaign.seed is None:
            return f"Weighted round robin: in turn at weight {winner.weight}"
        case Logic.WEIGHTED_ROUND_ROBIN:
            return f"Weighted round robin: drawn at weight {winner.weight}"
        case Logic.WATERFALL:
            return f"Waterfall: first that was eligible, rank {winner.rank}"
        case Logic.BROADCAST:
            return "Broadcast: to every eligible buyer"
        case Logic.TARGET_WEIGHTED:
            return f"Target-weighted: furthest behind its target of {winner.target}"
