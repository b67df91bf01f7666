"""A marketplace small enough to be reckoned by hand: rows by SQL, as the steps would write them. No test is here.

One seller in New York, three buyers, two campaigns and a supplier with eight leads. On 1 March the rotation of three
sells leads 1 to 4 to B1, B2, B1, B2: B3 can pay none, and B1's cap of 2 is full for the fourth. B2 gives the second
back on the 5th. On 2 March the waterfall's only buyer, B3, cannot pay lead 5; it pays in, and gets it in round 2. The
rotation was paused for lead 6. The supplier's seventh lead was known, its eighth refused.
"""

import struct
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

AS_OF = "2026-03-09T00:00:00+00:00"
WORKSPACE = "00000000-0000-0000-0000-00000000000a"
SUPPLIER = "00000000-0000-0000-0000-0000000000e1"
CATEGORY = "00000000-0000-0000-0000-0000000000ca"
ROTATION, WATERFALL = "00000000-0000-0000-0000-0000000000c1", "00000000-0000-0000-0000-0000000000c2"
BUYERS = {f"B{n}": f"00000000-0000-0000-0000-0000000000b{n}" for n in (1, 2, 3)}
SUBSCRIPTIONS = {n: f"00000000-0000-0000-0000-0000000000f{n}" for n in (1, 2, 3, 4)}
PRICES = {ROTATION: 2500, WATERFALL: 3000}
CHOSEN, PASSED, CAP, WALLET = 128, 0, 8, 64

# Lead, hour in UTC, campaign, round, outcome, flags and values. 04:30 UTC on 2 March is still the 1st in New York.
DECISIONS: tuple[tuple[int, str, str, int, str, list[int], list[int]], ...] = (
    (1, "2026-03-01 15:00Z", ROTATION, 1, "assigned", [CHOSEN, PASSED, WALLET], [0, 1, 1000]),
    (2, "2026-03-01 16:00Z", ROTATION, 1, "assigned", [PASSED, CHOSEN, WALLET], [2, 0, 1000]),
    (3, "2026-03-01 17:00Z", ROTATION, 1, "assigned", [CHOSEN, PASSED, WALLET], [0, 2, 1000]),
    (4, "2026-03-02 04:30Z", ROTATION, 1, "assigned", [CAP, CHOSEN, WALLET], [2, 0, 1000]),
    (5, "2026-03-02 15:00Z", WATERFALL, 1, "everybody_refused", [WALLET], [1000]),
    (5, "2026-03-02 17:00Z", WATERFALL, 2, "assigned", [CHOSEN], [1]),
    (6, "2026-03-02 18:00Z", ROTATION, 1, "campaign_paused", [], []),
)
SALES = ((1, "B1"), (2, "B2"), (3, "B1"), (4, "B2"), (5, "B3"))

FIXED = f"""
INSERT INTO core.workspaces (workspace_id, slug, name, time_zone)
VALUES ('{WORKSPACE}', 'ada', 'Ada', 'America/New_York');
INSERT INTO market.sellers (workspace_id, invite_code) VALUES ('{WORKSPACE}', 'ABCDEFGH');
INSERT INTO market.suppliers (supplier_id, workspace_id, name) VALUES ('{SUPPLIER}', '{WORKSPACE}', 'Leadco');
INSERT INTO market.categories (category_id, workspace_id, slug, name)
VALUES ('{CATEGORY}', '{WORKSPACE}', 'solar', 'Solar');
INSERT INTO market.campaigns (campaign_id, workspace_id, category_id, slug, name, price_minor, distribution_logic)
VALUES ('{ROTATION}', '{WORKSPACE}', '{CATEGORY}', 'rotation', 'Rotation', 2500, 'ROUND_ROBIN'),
    ('{WATERFALL}', '{WORKSPACE}', '{CATEGORY}', 'waterfall', 'Waterfall', 3000, 'WATERFALL');
INSERT INTO market.buyers (buyer_id, workspace_id, name, email, weekly_limit_minor, created_at)
SELECT ('00000000-0000-0000-0000-0000000000b' || n)::uuid, '{WORKSPACE}', 'B' || n, 'b' || n || '@buyers.example',
    CASE n WHEN 1 THEN 10000 END, '2026-02-20 12:00Z'
FROM generate_series(1, 3) n;
INSERT INTO market.campaign_subscriptions (subscription_id, workspace_id, campaign_id, buyer_id, position, daily_cap)
SELECT ('00000000-0000-0000-0000-0000000000f' || n)::uuid, '{WORKSPACE}', campaign::uuid,
    ('00000000-0000-0000-0000-0000000000b' || b)::uuid, place, cap
FROM (VALUES (1, '{ROTATION}', 1, 1, 2), (2, '{ROTATION}', 2, 2, NULL), (3, '{ROTATION}', 3, 3, NULL),
    (4, '{WATERFALL}', 3, 1, NULL)) s (n, campaign, b, place, cap);
UPDATE market.versions SET valid_from = '2026-02-20 12:00Z';

INSERT INTO raw.drops (drop_id, source, kind, external_id, workspace_id, headers, body, body_sha256, day, received_at,
    stage, received_rows, accepted_rows, duplicate_rows, quarantined_rows)
OVERRIDING SYSTEM VALUE
SELECT n, 'supplier', 'supplier_lead', n, '{WORKSPACE}', jsonb_build_object('supplier_id', '{SUPPLIER}'), '',
    repeat('0', 64), '2026-03-01', '2026-03-01 14:59:58Z', 'routed', 1, (n <= 6)::int, (n = 7)::int, (n = 8)::int
FROM generate_series(1, 8) n;
INSERT INTO core.leads (lead_id, workspace_id, drop_id, row_no, fingerprint, type, country_inferred, received_at, day,
    full_name, email, flags)
SELECT lead_id, workspace_id, drop_id, 0, lead_id,
    'INDIVIDUAL', false, received_at, day, 'Ada', 'ada@example.com',
    CASE drop_id WHEN 6 THEN '{{fake_email:test}}'::text[] ELSE '{{}}' END
FROM raw.drops, LATERAL (SELECT ('00000000-0000-0000-0000-00000000000' || drop_id)::uuid AS lead_id) i
WHERE accepted_rows = 1;
INSERT INTO core.intent_scores (lead_id, drop_id, band, high_count, medium_count, low_count, run_id, scored_at)
SELECT lead_id, drop_id, 'cold', 0, 0, 0, 'r', received_at FROM core.leads;
INSERT INTO core.quarantined_rows (drop_id, row_no, "row", reasons, contract_version)
VALUES (8, 0, '{{}}', '[{{"check": "no_contact"}}]', '1');
"""


def lead_id(number: int) -> str:
    return f"00000000-0000-0000-0000-00000000000{number}"


def fill(conn: psycopg.Connection) -> None:
    """The marketplace of the module's docstring, on an empty database."""
    conn.execute(FIXED)
    sets = {campaign: _set(conn, campaign, places) for campaign, places in ((ROTATION, (1, 2, 3)), (WATERFALL, (4,)))}
    for decided, (lead, at, campaign, *rest) in enumerate(DECISIONS):
        decide(conn, lead, at, sets[campaign], decided, *rest)
    _offers(conn)
    accounts = {name: _account(conn, "wallet", buyer) for name, buyer in BUYERS.items()}
    revenue, card = _account(conn, "revenue"), _account(conn, "card")
    for entry, (name, amount) in enumerate((("B1", 10000), ("B2", 10000), ("B3", 1000)), 1):
        move(conn, entry, "fund", name, amount, accounts[name], card, at="2026-02-28Z")
    when = {lead: (at, PRICES[campaign]) for lead, at, campaign, *_ in DECISIONS}
    for entry, (lead, name) in enumerate(SALES[:4], 4):
        move(conn, entry, "charge", name, -when[lead][1], accounts[name], revenue, at=when[lead][0], lead=lead)
    move(conn, 8, "fund", "B3", 2000, accounts["B3"], card, at="2026-03-02 16:00Z")
    move(conn, 9, "charge", "B3", -3000, accounts["B3"], revenue, at=when[5][0], lead=5)
    move(conn, 10, "refund", "B2", 2500, accounts["B2"], revenue, at="2026-03-05Z", lead=2, reverses=5)
    for lead, name in SALES:
        conn.execute(
            "INSERT INTO core.lead_assignments (lead_id, destination_kind, destination_id, rule_set_version, "
            "price_minor, reason, run_id, decided_at) VALUES (%s, 'buyer', %s, 1, %s, 'its turn', 'r', %s)",
            [lead_id(lead), BUYERS[name], when[lead][1], when[lead][0]],
        )


def decide(
    conn: psycopg.Connection,
    lead: int,
    at: str,
    set_id: int,
    decided: int,
    number: int,
    outcome: str,
    flags: list[int],
    values: list[int],
) -> None:
    """One row of candidates."""
    conn.execute(
        """
        INSERT INTO core.assignment_candidates (lead_id, round, set_id, outcome, decided, local_time, flags, observed,
            run_id, decided_at)
        VALUES (%(lead)s, %(round)s, %(set)s, %(outcome)s, %(decided)s,
            %(at)s::timestamptz AT TIME ZONE 'America/New_York', %(flags)s, %(values)s, 'r', %(at)s)
        """,
        {
            "lead": lead_id(lead),
            "round": number,
            "set": set_id,
            "outcome": outcome,
            "decided": decided,
            "at": at,
            "flags": bytes(flags),
            "values": struct.pack(f">{len(values)}q", *values),
        },
    )


def move(
    conn: psycopg.Connection, entry: int, kind: str, buyer: str, amount: int, wallet: int, other: int, **more: Any
) -> None:
    """One entry of the ledger: what comes into the wallet comes from the other account."""
    conn.execute(
        """
        WITH entry AS (
            INSERT INTO market.ledger_entries (entry_id, workspace_id, kind, buyer_id, lead_id, reverses, reason,
                run_id, occurred_at)
            VALUES (%(entry)s, %(workspace)s, %(kind)s, %(buyer)s, %(lead)s, %(reverses)s, 'said by hand', 'r', %(at)s)
        )
        INSERT INTO market.ledger_postings (entry_id, line, account_id, amount_minor)
        VALUES (%(entry)s, 1, %(wallet)s, %(amount)s), (%(entry)s, 2, %(other)s, -%(amount)s)
        """,
        {
            "entry": entry,
            "workspace": WORKSPACE,
            "kind": kind,
            "buyer": BUYERS[buyer],
            "lead": lead_id(more["lead"]) if "lead" in more else None,
            "reverses": more.get("reverses"),
            "at": more["at"],
            "wallet": wallet,
            "other": other,
            "amount": amount,
        },
    )


def _set(conn: psycopg.Connection, campaign: str, subscriptions: tuple[int, ...]) -> int:
    """The set of a campaign's candidates; its JSON is that of domain.candidates."""
    found = conn.execute(
        "SELECT * FROM (SELECT subscription_id::text, buyer_id::text, position, daily_cap FROM "
        "market.campaign_subscriptions WHERE subscription_id = ANY(%s)) s ORDER BY position",
        [[SUBSCRIPTIONS[n] for n in subscriptions]],
    ).fetchall()
    members = [
        {
            "subscription_id": subscription, "buyer_id": buyer, "position": position, "is_active": True, "states": [],
            "schedule": None, "daily_cap": cap, "weekly_limit": None, "monthly_limit": None, "weight": 1, "rank": 1,
            "target": 1,
        }
        for subscription, buyer, position, cap in found
    ]  # fmt: skip
    logic = "ROUND_ROBIN" if campaign == ROTATION else "WATERFALL"
    rules = {"campaign_id": campaign, "version": 1, "logic": logic, "price_minor": PRICES[campaign]}
    row = conn.execute(
        "INSERT INTO market.candidate_sets (sha256, campaign_id, campaign_version, rules, members) "
        "VALUES (sha256(%s::text::bytea), %s, 1, %s, %s) RETURNING set_id",
        [campaign, campaign, Jsonb(rules), Jsonb(members)],
    ).fetchone()
    assert row is not None
    return row[0]


def _account(conn: psycopg.Connection, kind: str, buyer: str | None = None) -> int:
    row = conn.execute(
        "INSERT INTO market.ledger_accounts (workspace_id, kind, buyer_id, currency) VALUES (%s, %s, %s, 'USD') "
        "RETURNING account_id",
        [WORKSPACE, kind, buyer],
    ).fetchone()
    assert row is not None
    return row[0]


def _offers(conn: psycopg.Connection) -> None:
    for lead, (at, campaign, outcome) in {d[0]: (d[1], d[2], d[4]) for d in DECISIONS}.items():
        conn.execute(
            """
            INSERT INTO market.campaign_leads (lead_id, workspace_id, campaign_id, category_id, supplier_id, state,
                supplier_quality, lead_score, score_parts, received_at, day, outcome, decided_at)
            SELECT lead_id, workspace_id, %s, %s, %s, 'NY', 'HOT', %s, '{}', received_at, day, %s, %s
            FROM core.leads WHERE lead_id = %s
            """,
            [campaign, CATEGORY, SUPPLIER, 60 + lead, outcome, at, lead_id(lead)],
        )
