"""Recharges that wait: asked for where a wallet is low and a declined card's time has come, and charged."""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import psycopg

from lead_pipeline.steps.run import Run
from lead_pipeline.steps.settle_payments import settle_due
from lead_pipeline.store.market_lock import lock_sellers
from lead_pipeline.store.recharges import low_wallets, request_recharges
from lead_pipeline.vendors.stripe_api import StripeApi

Connect = Callable[[], AbstractContextManager[psycopg.Connection]]
"""Makes a connection that commits by itself."""


def request_due(connect: Connect, run: Run) -> int:
    """Ask for a recharge of every wallet that is low and may have one: none in flight, its card's time come."""
    asked = 0
    with connect() as conn:
        for workspace_id, buyer_ids in low_wallets(conn).items():
            with conn.transaction():
                lock_sellers(conn, [workspace_id])
                asked += len(request_recharges(conn, buyer_ids, run.clock(), run_id=run.run_id))
    return asked


def charge_due(connect: Connect, stripe: StripeApi, run: Run, *, older_than: datetime | None = None) -> Counter[str]:
    """Bring every open payment as far as it goes. Returns how many stand in which state then."""
    with connect() as conn:
        return Counter(payment.state for payment in settle_due(conn, stripe, run, older_than=older_than))
