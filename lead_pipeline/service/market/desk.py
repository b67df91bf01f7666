"""What the routes of money share: the way to Stripe, connections that may be held while it thinks, and who acts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg_pool import ConnectionPool
from starlette.requests import Request

from lead_pipeline.steps.run import Run
from lead_pipeline.vendors.stripe_api import StripeApi

CONNECTIONS, WAIT_SECONDS = 8, 10.0
"""A payment holds one connection until Stripe has answered."""


@dataclass(frozen=True)
class Desk:
    """One service process's. Connections act as the owner and commit by themselves."""

    stripe: StripeApi
    pool: ConnectionPool
    run: Run

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection]:
        """A connection, back in the pool afterwards."""
        with self.pool.connection() as conn:
            yield conn


def desk_of(request: Request) -> Desk:
    """The desk of the process that a request came to."""
    desk: Desk = request.state.desk
    return desk
