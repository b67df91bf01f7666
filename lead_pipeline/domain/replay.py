"""Kept decisions made again: the winners from the candidates alone, and the whole row from its own inputs.

Holds what the checks of history call. Does not hold the decision itself (`race`).
"""

from dataclasses import replace

from lead_pipeline.domain.books import Books
from lead_pipeline.domain.candidates import Campaign, Check, Logic, Member
from lead_pipeline.domain.eligibility import Account
from lead_pipeline.domain.evidence import Outcome, Row, Seen, read_row
from lead_pipeline.domain.race import Race
from lead_pipeline.domain.rotation import Rotation
from lead_pipeline.domain.weighted_turns import PPM

_LARGEST_TURN = 2**50  # beyond what can be counted; a seed's tickets alone use the whole range


def winners(campaign: Campaign, row: Row) -> list[str]:
    """Subscriptions that win by the kept flags and turns, whatever is marked as chosen; in the set's order.

    Raises:
        ValueError: the row is not one of this set, or its values are not those that its flags ask for.
    """
    turns = [(number, seen.turn) for number, (_, seen) in enumerate(pairs_of(campaign, row)) if seen.turn is not None]
    if not turns:
        return []
    if campaign.logic is Logic.BROADCAST:
        return [campaign.members[number].subscription_id for number, _ in turns]
    sign = -1 if most_wins(campaign.logic) else 1
    first, _ = min(turns, key=lambda pair: (sign * pair[1], pair[0]))
    return [campaign.members[first].subscription_id]


def redecide(campaign: Campaign, row: Row) -> Row:
    """The row that today's engine writes from the row's inputs: another one where its marks do not follow from them.

    Inputs are the set, the state, the local time, `decided`, and the observed values; what marks a failure or a winner
    is worked out anew. A value that was not kept is taken as one that passes its check.

    Raises:
        ValueError: the row is not one of this set, or its values are not those that its flags ask for.
    """
    if campaign.is_paused:
        return replace(row, outcome=Outcome.CAMPAIGN_PAUSED.value, flags=b"", observed=b"")
    return decide_again(campaign, books_of(campaign, row), row)


def decide_again(campaign: Campaign, books: Books, row: Row) -> Row:
    """The row of one lead like `row`, decided by these books; they are not changed."""
    accounts: dict[str, Account] = {}
    race = Race(campaign, [row.state], books, accounts, local=row.local, count=1)
    for account in accounts.values():
        account.review()
    race.decide(0)
    evidence = race.evidence()
    return replace(row, outcome=evidence.outcomes[0], flags=evidence.flags[0], observed=evidence.observed[0])


def books_of(campaign: Campaign, row: Row) -> Books:
    """Books that the row is decided by: its kept values, and for what was not kept, enough to pass."""
    pairs = pairs_of(campaign, row)
    books = Books(rotations={campaign.campaign_id: _rotation(campaign, row, pairs)})
    for member, seen in pairs:
        books.taken[member.subscription_id] = seen.values.get(Check.CAP, 0)
        books.week[member.buyer_id] = seen.values.get(Check.WEEKLY_LIMIT, 0)
        books.month[member.buyer_id] = seen.values.get(Check.MONTHLY_LIMIT, 0)
        books.balance[member.buyer_id] = seen.values.get(Check.WALLET, campaign.price_minor)
    return books


def pairs_of(campaign: Campaign, row: Row) -> list[tuple[Member, Seen]]:
    """Each member with what the row says of it; none where the campaign was paused."""
    if campaign.is_paused and not row.flags:
        return []
    if len(row.flags) != len(campaign.members):
        raise ValueError(f"the row has {len(row.flags)} candidates, its set {len(campaign.members)}")
    return list(zip(campaign.members, read_row(row), strict=True))


def most_wins(logic: Logic) -> bool:
    """Whether the highest turn wins, or the lowest."""
    return logic is Logic.WEIGHTED_ROUND_ROBIN


def _rotation(campaign: Campaign, row: Row, pairs: list[tuple[Member, Seen]]) -> Rotation:
    """The rotation in which the eligible had the turns that the row says."""
    turns = {number: seen.turn for number, (_, seen) in enumerate(pairs) if seen.turn is not None}
    rotation = Rotation(decided=row.decided, logic=campaign.logic)
    members = campaign.members
    if campaign.seed is None and any(abs(turn) > _LARGEST_TURN for turn in turns.values()):
        raise ValueError("the row has turns that no decision can have written")
    match campaign.logic:
        case Logic.ROUND_ROBIN if turns:
            number, turn = next(iter(turns.items()))
            start = (number - turn) % len(members)
            rotation.last = members[start - 1].position if start else 0
        case Logic.WEIGHTED_ROUND_ROBIN if campaign.seed is None:
            rotation.weights = {
                members[number].subscription_id: turn - members[number].weight for number, turn in turns.items()
            }
        case Logic.TARGET_WEIGHTED:
            rotation.day = row.local.date().isoformat()
            rotation.inside = [members[number].subscription_id for number in turns]
            rotation.received = {
                members[number].subscription_id: -(-turn * members[number].target // PPM)
                for number, turn in turns.items()
            }
    return rotation
