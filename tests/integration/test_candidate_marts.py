"""What analysts read of a decision is what `domain.explanation` says of it, for every logic and check.

The decisions are the domain's own; what is compared is the unpacking in SQL with the one in Python.
"""

import datetime as dt
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import pandas as pd
import psycopg
import pytest
from psycopg.types.json import Jsonb

from lead_pipeline.domain.books import Books
from lead_pipeline.domain.candidates import Campaign, Logic, Member, set_document
from lead_pipeline.domain.distribution import distribute
from lead_pipeline.domain.evidence import Row
from lead_pipeline.domain.explanation import explain
from lead_pipeline.domain.schedule import read_schedule
from tests.integration.warehouse import dbt, rows

pytestmark = pytest.mark.integration

LOCAL = dt.datetime(2026, 3, 1, 12, 0)
LEADS, MEMBERS, STATES = 400, 12, ("NY", "CA", "TX")
SHUT = read_schedule([{"days": [1], "from": "09:00", "to": "10:00"}])
MADE = """
SELECT lead_id::text, place, subscription_id::text, verdict, observed, bound
FROM analytics.int_candidates ORDER BY lead_id, place
"""
PROMISED = """
SELECT lead_id::text, sum(expected_share) FROM analytics.int_candidates
WHERE is_eligible GROUP BY lead_id
"""


def identity(kind: int, number: int) -> str:
    return str(UUID(int=kind << 64 | number))


def campaign_of_chance(number: int, logic: Logic, chance: Random) -> Campaign:
    """A campaign among buyers that all campaigns share, with every kind of bound in it."""
    members = [
        Member(
            subscription_id=identity(1, 100 * number + place),
            buyer_id=identity(2, place),
            position=place,
            is_active=chance.random() < 0.9,
            states=frozenset(chance.sample(STATES, chance.randint(0, 2))),
            schedule=SHUT if chance.random() < 0.1 else None,
            daily_cap=chance.choice([None, 0, 3, 20]),
            weekly_limit=chance.choice([None, 40_000]),
            monthly_limit=chance.choice([None, 30_000]),
            weight=chance.randint(1, 10),
            rank=chance.randint(1, 4),
            target=chance.randint(1, 30),
        )
        for place in range(1, MEMBERS + 1)
    ]
    return Campaign(identity(3, number), 1, logic, 500 * number, True, False, None, tuple(members))


def keep(conn: psycopg.Connection, campaigns: dict[str, Campaign], considered: pd.DataFrame) -> None:
    """The decisions as the step keeps them."""
    for number, campaign in enumerate(campaigns.values(), 1):
        rules, members = set_document(campaign)
        conn.execute(
            "INSERT INTO market.candidate_sets (set_id, sha256, campaign_id, campaign_version, rules, members) "
            "OVERRIDING SYSTEM VALUE VALUES (%s, sha256(%s::text::bytea), %s, 1, %s, %s)",
            [number, number, campaign.campaign_id, Jsonb(rules), Jsonb(members)],
        )
    set_of = {campaign_id: number for number, campaign_id in enumerate(campaigns, 1)}
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO core.assignment_candidates (lead_id, set_id, outcome, decided, local_time, flags, observed, "
            "run_id, decided_at) VALUES (%s, %s, %s, %s, %s, %s, %s, 'r', '2026-03-01 12:00Z')",
            [
                (one.lead_id, set_of[one.campaign_id], one.outcome, one.decided, LOCAL, one.flags, one.observed)
                for one in considered.itertuples()
            ],
        )


def test_the_candidates_in_sql_are_those_that_the_domain_explains(database: Any, tmp_path: Path) -> None:
    chance = Random(5)
    made = [campaign_of_chance(number, logic, chance) for number, logic in enumerate(Logic, 1)]
    campaigns = {campaign.campaign_id: campaign for campaign in made}
    leads = pd.DataFrame(
        {
            "lead_id": [identity(4, number) for number in range(LEADS)],
            "campaign_id": [chance.choice(list(campaigns)) for _ in range(LEADS)],
            "state": [chance.choice(STATES) for _ in range(LEADS)],
        },
        dtype="str",
    )
    books = Books(balance={identity(2, place): 4_000 * place for place in range(1, MEMBERS + 1)})
    considered = distribute(leads, campaigns, books, LOCAL).considered
    with database.connect() as conn:
        keep(conn, campaigns, considered)
        run = dbt(database, tmp_path, "run", "--select", "+int_candidates")
        assert not run.failures, run.log
        found = rows(conn, MADE)
        promised = dict(rows(conn, PROMISED))

    expected, logics = [], {}
    for lead, one in zip(leads.itertuples(), considered.itertuples(), strict=True):
        campaign = campaigns[one.campaign_id]
        logics[one.lead_id] = campaign.logic
        row = Row(lead.state, LOCAL, one.outcome, one.decided, one.flags, one.observed)
        for place, said in enumerate(explain(campaign, row), 1):
            numbers = [value if isinstance(value, int) else None for value in (said.observed, said.bound)]
            if said.verdict == "passed_over":
                numbers[1] = None  # the winner's turn: it stands in the winner's own row
            expected.append((one.lead_id, place, said.subscription_id, said.verdict, *numbers))
    assert expected == found
    verdicts = {verdict for _, _, _, verdict, *_ in found}
    assert {
        "chosen", "passed_over", "subscription", "state", "schedule", "cap", "weekly_limit", "monthly_limit", "wallet",
    } == verdicts  # fmt: skip

    # Of a lead that somebody could have had, exactly one is promised; a broadcast promises each its own.
    whole = {lead: round(share, 4) for lead, share in promised.items() if logics[lead] is not Logic.BROADCAST}
    assert set(whole.values()) == {1}
    assert len(whole) > LEADS / 3
