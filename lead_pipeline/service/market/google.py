"""Google sign-in over HTTP: out with a cookie, back with a code. The step decides who it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, FastAPI, Query, Request, Response
from starlette.responses import RedirectResponse

from lead_pipeline.errors import SignInRefused
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.auth import OPEN_PROBLEMS, PRIVATE, address_of
from lead_pipeline.service.market.auth_answers import SessionOpened, TicketTold
from lead_pipeline.service.market.callers import market_pool
from lead_pipeline.settings import Settings
from lead_pipeline.steps.google_sign_in import (
    CALLBACK,
    LASTS,
    Leaving,
    Returned,
    Ticket,
    leave_for_google,
    return_from_google,
    vouched_at_return,
)
from lead_pipeline.steps.throttle import take_address

ASKED_AT_ONCE = 4
COOKIE = "lead_pipeline_google"
_PATH = "/api/auth"
_Text = Annotated[str | None, Query(max_length=2048)]


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
    yield {"google_at_once": CapacityLimiter(ASKED_AT_ONCE)}


router = APIRouter(tags=["people"], lifespan=_lifespan)


@router.get(
    "/api/auth/google",
    summary="Sign in with Google",
    status_code=302,
    response_class=RedirectResponse,
    responses=OPEN_PROBLEMS,
)
async def leaving(request: Request) -> Response:
    """Sends the browser to Google, with a cookie that it has to come back with within ten minutes."""
    settings = intake_of(request).settings
    way = await to_thread.run_sync(partial(_leave, request), limiter=request.state.google_at_once)
    response = RedirectResponse(way.url, 302, headers=PRIVATE)
    response.set_cookie(
        COOKIE,
        way.cookie,
        max_age=int(LASTS.total_seconds()),
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=settings.public_url.startswith("https://"),
    )
    return response


@router.get(CALLBACK, summary="Back from Google", response_model=SessionOpened | TicketTold, responses=OPEN_PROBLEMS)
async def returning(
    request: Request,
    response: Response,
    code: _Text = None,
    state: _Text = None,
    error: _Text = None,
) -> SessionOpened | TicketTold:
    """A session; of somebody who is not registered, a ticket to register with (`googleTicket`)."""
    cookie = request.cookies.get(COOKIE)
    if error is not None or not code or not state or not cookie:
        raise SignInRefused("nobody came back from Google. Begin again: GET /api/auth/google.")
    work = partial(_return, request, code, state, cookie)
    answer = await to_thread.run_sync(work, limiter=request.state.google_at_once)
    response.headers.update(PRIVATE)
    response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")
    return answer


def _leave(request: Request) -> Leaving:
    intake = intake_of(request)
    with market_pool(request).connection() as conn:
        take_address(conn, address_of(request), intake.clock())
    return leave_for_google(intake.settings, intake.clock())


def _return(request: Request, code: str, state: str, cookie: str) -> SessionOpened | TicketTold:
    intake = intake_of(request)
    settings, now = intake.settings, intake.clock()
    with market_pool(request).connection() as conn:
        take_address(conn, address_of(request), now)
    vouched = vouched_at_return(settings, code=code, state=state, cookie=cookie, now=now)
    with market_pool(request).connection() as conn:
        found = return_from_google(conn, vouched, settings, now)
    return _answer(found, intake.settings, now)


def _answer(found: Returned | Ticket, settings: Settings, now: datetime) -> SessionOpened | TicketTold:
    if isinstance(found, Returned):
        return SessionOpened.of(found.signed_in, settings, now, password_removed=found.password_removed)
    return TicketTold(
        google_ticket=found.ticket, expires_at=found.ends, email=found.vouched.email, name=found.vouched.name
    )
