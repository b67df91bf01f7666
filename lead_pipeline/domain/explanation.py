"""Why each candidate got a lead or not, in words, with what would have had to be otherwise.

Holds the explanation of one kept decision. Does not decide: it reads what `distribution` wrote down.
"""

from dataclasses import dataclass
from typing import Any

from lead_pipeline.domain.candidates import Campaign, Check, Logic, Member
from lead_pipeline.domain.draws import best_tickets
from lead_pipeline.domain.evidence import Row, Seen
from lead_pipeline.domain.replay import most_wins, pairs_of
from lead_pipeline.domain.schedule import DAYS, in_words

CHOSEN = "chosen"
PASSED_OVER = "passed_over"
_CHECKS = tuple(check for check in Check if check is not Check.CHOSEN)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One member of the set in one decision.

    `verdict`: chosen, passed_over, or the first check that failed (subscription, state, schedule, cap, weekly_limit,
    monthly_limit, wallet). `failed`: all that did. `observed` against `bound` is what decided: of one passed over its
    turn against the winner's. `counterfactual`: all that would have had to be otherwise, together, for this one to
    win (see `explain`); empty where it did.
    """

    subscription_id: str
    buyer_id: str
    verdict: str
    failed: tuple[str, ...]
    observed: int | str | None
    bound: int | str | None
    counterfactual: dict[str, Any]


def explain(campaign: Campaign, row: Row) -> list[Candidate]:
    """Every member considered, in the set's order; none where the campaign was paused.

    A counterfactual has, of these, what was in the way: `status` ("ACTIVE", of the subscription and its buyer),
    `states` (to be taken too; empty: every state), `schedule` (words), `daily_cap`, `weekly_limit_minor`,
    `monthly_limit_minor`, `balance_minor` (each at least), `turn` (the turn value that wins against the winner's; it
    may be one that nobody can reach, such as a rank before the first).

    Raises:
        ValueError: the row is not one of this set, or its values are not those that its flags ask for.
    """
    pairs = pairs_of(campaign, row)
    winner = next(((number, seen.turn) for number, (_, seen) in enumerate(pairs) if seen.is_chosen), None)
    found = []
    for number, (member, seen) in enumerate(pairs):
        verdict, observed, bound = _verdict(campaign, row, member, seen)
        if verdict == PASSED_OVER and winner is not None:
            bound = winner[1]
        changes = {} if seen.is_chosen else _changes(campaign, row, member, seen)
        if not seen.is_chosen and winner is not None and winner[1] is not None:
            changes |= _turn(campaign, row, (number, seen.turn), (winner[0], winner[1]))
        failed = tuple(_word(check) for check in _CHECKS if check in seen.failed)
        found.append(Candidate(member.subscription_id, member.buyer_id, verdict, failed, observed, bound, changes))
    return found


def _verdict(
    campaign: Campaign, row: Row, member: Member, seen: Seen
) -> tuple[str, int | str | None, int | str | None]:
    """(verdict, observed, bound) of a member."""
    first = next((check for check in _CHECKS if check in seen.failed), None)
    match first:
        case None:
            return CHOSEN if seen.is_chosen else PASSED_OVER, seen.turn, None
        case Check.SUBSCRIPTION:
            return _word(first), "INACTIVE", "ACTIVE"
        case Check.STATE:
            return _word(first), row.state, ", ".join(sorted(member.states))
        case Check.SCHEDULE:
            return (
                _word(first),
                f"{DAYS[row.local.weekday()]} {row.local:%H:%M}",
                None if member.schedule is None else in_words(member.schedule),
            )
        case Check.CAP:
            bound = member.daily_cap
        case Check.WEEKLY_LIMIT:
            bound = member.weekly_limit
        case Check.MONTHLY_LIMIT:
            bound = member.monthly_limit
        case _:
            bound = campaign.price_minor
    return _word(first), seen.values[first], bound


def _changes(campaign: Campaign, row: Row, member: Member, seen: Seen) -> dict[str, Any]:
    """What would have made the member eligible."""
    price, values = campaign.price_minor, seen.values
    changes: dict[Check, dict[str, Any]] = {
        Check.SUBSCRIPTION: {"status": "ACTIVE"},
        Check.STATE: {"states": [] if row.state is None else [row.state]},
        Check.SCHEDULE: {"schedule": f"open at {row.local:%H:%M} on {DAYS[row.local.weekday()]}"},
        Check.CAP: {"daily_cap": values.get(Check.CAP, 0) + 1},
        Check.WEEKLY_LIMIT: {"weekly_limit_minor": values.get(Check.WEEKLY_LIMIT, 0) + price},
        Check.MONTHLY_LIMIT: {"monthly_limit_minor": values.get(Check.MONTHLY_LIMIT, 0) + price},
        Check.WALLET: {"balance_minor": price},
    }
    return {key: value for check in _CHECKS if check in seen.failed for key, value in changes[check].items()}


def _turn(campaign: Campaign, row: Row, own: tuple[int, int | None], winner: tuple[int, int]) -> dict[str, int]:
    """The turn with which a member (number, turn) would have won; nothing where its own would have done."""
    if campaign.logic is Logic.BROADCAST:
        return {}
    number, turn = own
    if turn is None:
        turn = _turn_if_eligible(campaign, row, number, winner)
    sign = -1 if most_wins(campaign.logic) else 1
    if turn is not None and (sign * turn, number) < (sign * winner[1], winner[0]):
        return {}
    if campaign.logic is Logic.ROUND_ROBIN:
        return {"turn": 0}
    return {"turn": winner[1] if number < winner[0] else winner[1] - sign}


def _turn_if_eligible(campaign: Campaign, row: Row, number: int, winner: tuple[int, int]) -> int | None:
    """The turn that a refused member would have had; None where the row does not tell."""
    member = campaign.members[number]
    match campaign.logic:
        case Logic.ROUND_ROBIN:
            return (number - winner[0] + winner[1]) % len(campaign.members)
        case Logic.WATERFALL:
            return member.rank
        case Logic.WEIGHTED_ROUND_ROBIN if campaign.seed is not None:
            return int(best_tickets(campaign.seed, row.decided, 1, [member.position], [member.weight])[0, 0])
        case _:
            return None


def _word(check: Check) -> str:
    return str(check.name).lower()
