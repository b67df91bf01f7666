"""`market.subscription_days`, `market.spending` and `market.rotations`: what caps, limits and turns are counted in.

One statement a table and decision, whatever number of leads it was about. Under the seller's lock, so in no order.
"""

from collections.abc import Mapping
from datetime import date

import psycopg
from psycopg.types.json import Jsonb

from lead_pipeline.domain.books import Periods
from lead_pipeline.domain.rotation import Rotation
from lead_pipeline.store.bulk import array_literal


def count_leads(conn: psycopg.Connection, day: date, leads: Mapping[str, int]) -> None:
    """Add leads that subscriptions (by id) received to their local day."""
    conn.execute(
        """
        INSERT INTO market.subscription_days AS d (subscription_id, day, leads)
        SELECT subscription_id, %s, leads FROM unnest(%s::uuid[], %s::int[]) AS given (subscription_id, leads)
        ON CONFLICT (subscription_id, day) DO UPDATE SET leads = d.leads + excluded.leads
        """,
        [day, array_literal(leads), array_literal(leads.values())],
    )


def note_spending(conn: psycopg.Connection, periods: Periods, spent: Mapping[str, int]) -> None:
    """Add what buyers (by id) were charged, in minor units, to their local week and month."""
    conn.execute(
        """
        INSERT INTO market.spending AS s (buyer_id, period, starts_on, spent_minor)
        SELECT buyer_id, period, starts_on, amount FROM unnest(%s::uuid[], %s::bigint[]) AS given (buyer_id, amount)
        CROSS JOIN (VALUES ('week', %s::date), ('month', %s::date)) AS periods (period, starts_on)
        ON CONFLICT (buyer_id, period, starts_on) DO UPDATE SET spent_minor = s.spent_minor + excluded.spent_minor
        """,
        [array_literal(spent), array_literal(spent.values()), periods.week, periods.month],
    )


def save_rotations(conn: psycopg.Connection, rotations: Mapping[str, Rotation]) -> None:
    """Write down whose turn it is in each campaign (by id)."""
    conn.execute(
        """
        INSERT INTO market.rotations AS r (campaign_id, state, decided)
        SELECT * FROM unnest(%s::uuid[], %s::jsonb[], %s::bigint[])
        ON CONFLICT (campaign_id) DO UPDATE SET state = excluded.state, decided = excluded.decided
        """,
        [
            list(rotations),
            [Jsonb(rotation.to_json()) for rotation in rotations.values()],
            [rotation.decided for rotation in rotations.values()],
        ],
    )
