"""Who asks, and as what: the session of a request, as what a route depends on, and the database as that caller sees it.

Every route of the marketplace depends on one of these, or is open to anybody on purpose (sign-in, signed webhooks).
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

import psycopg
from fastapi import Depends, FastAPI, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from psycopg_pool import ConnectionPool

from lead_pipeline.errors import NotAllowed, SignInRefused
from lead_pipeline.service.context import Intake, intake_of
from lead_pipeline.steps.sessions import Caller, check_session
from lead_pipeline.store.connections import open_pool
from lead_pipeline.store.tenancy import acting_as

CONNECTIONS, WAIT_SECONDS = 4, 3.0
ROLES = ("SELLER", "BUYER", "SUPPLIER")
_SESSION = HTTPBearer(
    auto_error=False, scheme_name="Session", description="The token that POST /api/auth/signin answers with."
)
_Sent = Annotated[HTTPAuthorizationCredentials | None, Security(_SESSION)]


@asynccontextmanager
async def market_lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """The connections of the marketplace's routes; the lifespan of one router, for all of them."""
    intake: Intake = app.state.intake
    with open_pool(intake.url, size=CONNECTIONS, wait=WAIT_SECONDS) as pool:
        yield {"market_pool": pool}


def market_pool(request: Request) -> ConnectionPool:
    """Connections as the owner, each statement committed by itself: for money and decisions, which check by hand."""
    pool: ConnectionPool = request.state.market_pool
    return pool


@contextmanager
def acting(request: Request, caller: Caller) -> Iterator[psycopg.Connection]:
    """A connection within one transaction that sees and writes what the caller may: all else is not there."""
    with market_pool(request).connection() as conn, conn.transaction():
        acting_as(
            conn,
            workspace_id=caller.workspace_id,
            buyer_id=caller.buyer_id,
            supplier_id=caller.supplier_id,
            user_id=caller.user_id,
        )
        yield conn


def caller_of(request: Request, sent: _Sent) -> Caller:
    """Whose session the request carries. Raises SignInRefused."""
    if sent is None:
        raise SignInRefused("no session was sent. Send `Authorization: Bearer <token>` of POST /api/auth/signin.")
    intake = intake_of(request)
    with market_pool(request).connection() as conn:
        return check_session(conn, sent.credentials, intake.settings, intake.clock())


def _only(*roles: str) -> Callable[..., Caller]:
    def require(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        if caller.role not in roles:
            raise NotAllowed(f"this is for {' or '.join(roles)}, and this session is a {caller.role}'s.")
        return caller

    require.roles = roles  # type: ignore[attr-defined]  # what the tests of access read
    return require


AnyCaller = Annotated[Caller, Depends(_only(*ROLES))]
SellerCaller = Annotated[Caller, Depends(_only("SELLER"))]
BuyerCaller = Annotated[Caller, Depends(_only("BUYER"))]
SupplierCaller = Annotated[Caller, Depends(_only("SUPPLIER"))]
SellerOrBuyer = Annotated[Caller, Depends(_only("SELLER", "BUYER"))]
