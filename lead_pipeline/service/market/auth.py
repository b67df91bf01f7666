"""Registering, invite codes, signing in and out. The steps do the work; what hashes a password runs two at a time.

The routes here, and Google's, are open to anybody: they are how somebody gets a session.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, FastAPI, Request, Response

from lead_pipeline.contracts.people import CodeSent, RegistrationSent, SignInSent
from lead_pipeline.service.context import Intake, intake_of
from lead_pipeline.service.market.auth_answers import CodeTold, Registered, SessionOpened, SessionTold
from lead_pipeline.service.market.callers import AnyCaller, market_lifespan, market_pool
from lead_pipeline.service.market.messages import Done, body_of, describes
from lead_pipeline.service.openapi import BODY_PROBLEMS, problems
from lead_pipeline.steps.google_sign_in import register_by_ticket
from lead_pipeline.steps.register import Wanted, find_seller, register
from lead_pipeline.steps.sessions import end_session
from lead_pipeline.steps.sign_in import SignedIn, sign_in
from lead_pipeline.steps.throttle import take_address, take_email

HASHES_AT_ONCE = 2
PRIVATE = {"Cache-Control": "no-store"}
OPEN_PROBLEMS: dict[int | str, dict[str, Any]] = problems(401, 404, 409, *BODY_PROBLEMS, 422, 429, 500, 503)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    async with market_lifespan(app) as state:
        yield {**state, "hashes_at_once": CapacityLimiter(HASHES_AT_ONCE)}


router = APIRouter(prefix="/api/auth", tags=["people"], lifespan=_lifespan)


@router.post(
    "/register",
    summary="Register a seller, buyer or supplier",
    status_code=201,
    response_model=Registered | SessionOpened,
    responses=OPEN_PROBLEMS,
    openapi_extra=describes(RegistrationSent),
)
async def registering(
    request: Request, response: Response, sent: Annotated[RegistrationSent, Depends(body_of(RegistrationSent))]
) -> Registered | SessionOpened:
    """A seller gets a workspace; a buyer or supplier joins the seller of its invite code. Then sign in.

    The answer is the same where the e-mail is known. With a Google ticket it is a session at once.
    """
    response.headers.update(PRIVATE)
    done = await _hashing(request, partial(_register, request, sent))
    intake = intake_of(request)
    return Registered() if done is None else SessionOpened.of(done, intake.settings, intake.clock())


@router.post(
    "/verify-invite",
    summary="Look up an invite code",
    response_model=CodeTold,
    responses=OPEN_PROBLEMS,
    openapi_extra=describes(CodeSent),
)
def verify_invite(request: Request, sent: Annotated[CodeSent, Depends(body_of(CodeSent))]) -> CodeTold:
    """Whose code it is. One that is nobody's is no error: `valid` is false."""
    with market_pool(request).connection() as conn:
        take_address(conn, address_of(request), intake_of(request).clock())
        seller = find_seller(conn, sent.invite_code)
    return CodeTold(valid=seller is not None, seller_name=None if seller is None else seller.name)


@router.post(
    "/signin",
    summary="Sign in with e-mail and password",
    response_model=SessionOpened,
    responses=OPEN_PROBLEMS,
    openapi_extra=describes(SignInSent),
)
async def signing_in(
    request: Request, response: Response, sent: Annotated[SignInSent, Depends(body_of(SignInSent))]
) -> SessionOpened:
    """A session's token. A wrong password and an unknown e-mail are answered alike."""
    response.headers.update(PRIVATE)
    intake = intake_of(request)
    done = await _hashing(request, partial(_sign_in, request, sent))
    assert done is not None
    return SessionOpened.of(done, intake.settings, intake.clock())


@router.post("/signout", summary="Sign out", response_model=Done, responses=problems(401, 500, 503))
def signing_out(request: Request, caller: AnyCaller) -> Done:
    """The token of this session is good for nothing from now on."""
    with market_pool(request).connection() as conn:
        end_session(conn, caller, intake_of(request).clock())
    return Done()


@router.get("/session", summary="Whose session it is", response_model=SessionTold, responses=problems(401, 500, 503))
def session(response: Response, caller: AnyCaller) -> SessionTold:
    """Who is signed in, for which workspace, as what."""
    response.headers.update(PRIVATE)
    return SessionTold.of(caller)


def address_of(request: Request) -> str:
    """Where a request comes from; behind a proxy, the proxy."""
    return "unknown" if request.client is None else request.client.host


async def _hashing(request: Request, work: partial[SignedIn | None]) -> SignedIn | None:
    """In a thread, at most a few at once: each takes 19 MiB and a core."""
    limiter: CapacityLimiter = request.state.hashes_at_once
    return await to_thread.run_sync(work, limiter=limiter)


def _register(request: Request, sent: RegistrationSent) -> SignedIn | None:
    intake: Intake = intake_of(request)
    now = intake.clock()
    wanted = Wanted(
        email=sent.email or "",
        name=sent.name,
        role=sent.role,
        company=sent.company_name or "",
        invite_code=sent.invite_code or "",
        currency=sent.currency,
        time_zone=sent.time_zone,
    )
    with market_pool(request).connection() as conn:
        take_address(conn, address_of(request), now)
        if sent.google_ticket is not None:
            return register_by_ticket(conn, wanted, sent.google_ticket, intake.settings, now)
        take_email(conn, wanted.email, now)
        register(conn, wanted, sent.password or "")
    return None


def _sign_in(request: Request, sent: SignInSent) -> SignedIn | None:
    intake = intake_of(request)
    with market_pool(request).connection() as conn:
        return sign_in(
            conn,
            email=sent.email,
            password=sent.password,
            workspace=sent.workspace,
            role=sent.role,
            address=address_of(request),
            settings=intake.settings,
            now=intake.clock(),
        )
