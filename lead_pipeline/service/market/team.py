"""Teams over HTTP: who is in mine, a code for a colleague, joining, and who has which lead. The steps do the work."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from lead_pipeline.contracts.catalogue import Sent
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerOrBuyer, acting, market_pool
from lead_pipeline.service.market.messages import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    Done,
    Told,
    When,
    body_of,
    describes,
)
from lead_pipeline.service.openapi import BODY_PROBLEMS, problems
from lead_pipeline.steps.teams import give_lead, invite_colleague, join_team, who_had
from lead_pipeline.store.teams import Handover, colleagues

router = APIRouter(tags=["people"])


class JoinSent(Sent):
    """Who joins, by which code."""

    code: str = Field(min_length=1, max_length=100)
    email: str = Field(max_length=320)
    name: str = Field(min_length=1, max_length=200)
    password: str = Field(max_length=1000)


class AssigneeSent(Sent):
    """Who has the lead from now on; null: nobody."""

    user_id: str | None = Field(max_length=100)


class ColleagueTold(Told):
    """A member of the team."""

    id: str
    name: str
    email: str
    joined_at: When


class TeamAnswer(Done):
    """The team."""

    members: list[ColleagueTold]


class CodeAnswer(Done):
    """A code for one colleague, shown once."""

    code: str
    ends_at: When


class HandoverTold(Told):
    """One time that the lead was given to somebody."""

    user_id: str | None
    name: str | None
    assigned_by: str | None
    assigned_at: When


class AssigneeAnswer(Done):
    """Who of the team has the lead, and who had it, the latest first."""

    assignee: HandoverTold | None
    history: list[HandoverTold]

    @classmethod
    def of(cls, found: list[Handover]) -> "AssigneeAnswer":
        """The answer about the handovers of a lead."""
        told = [
            HandoverTold(user_id=one.user_id, name=one.name, assigned_by=one.assigned_by, assigned_at=one.assigned_at)
            for one in found
        ]
        holds = bool(found) and found[0].user_id is not None
        return cls(assignee=told[0] if holds else None, history=told)


@router.get("/api/team", summary="Who is in my team", responses=READ_PROBLEMS)
def team(request: Request, caller: SellerOrBuyer) -> TeamAnswer:
    """A seller's team, or that of one buyer."""
    with acting(request, caller) as conn:
        members = colleagues(conn)
    return TeamAnswer(
        members=[
            ColleagueTold(id=one.user_id, name=one.name, email=one.email, joined_at=one.joined_at) for one in members
        ]
    )


@router.post("/api/team/invites", summary="Invite a colleague", status_code=201, responses=READ_PROBLEMS)
def invite(request: Request, caller: SellerOrBuyer) -> CodeAnswer:
    """The code joins one colleague to the caller's team, within seven days."""
    with market_pool(request).connection() as conn:
        code, ends = invite_colleague(conn, caller, intake_of(request).clock())
    return CodeAnswer(code=code, ends_at=ends)


@router.post(
    "/api/team/join",
    summary="Join a team",
    responses=problems(*BODY_PROBLEMS, 422, 429, 500, 503),
    openapi_extra=describes(JoinSent),
)
def join(request: Request, sent: Annotated[JoinSent, Depends(body_of(JoinSent))]) -> Done:
    """By a colleague's code. Sign in afterwards."""
    address = "" if request.client is None else request.client.host
    with market_pool(request).connection() as conn:
        join_team(
            conn,
            code=sent.code,
            email=sent.email,
            name=sent.name,
            password=sent.password,
            address=address,
            now=intake_of(request).clock(),
        )
    return Done()


@router.get("/api/leads/{lead_id}/assignee", summary="Who has a lead", responses=READ_PROBLEMS)
def assignee(request: Request, caller: SellerOrBuyer, lead_id: UUID) -> AssigneeAnswer:
    """Of the caller's own team only; a lead that several buyers bought has one in each."""
    with acting(request, caller) as conn:
        return AssigneeAnswer.of(who_had(conn, str(lead_id)))


@router.put(
    "/api/leads/{lead_id}/assignee",
    summary="Give a lead to a colleague",
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(AssigneeSent),
)
def give(
    request: Request,
    caller: SellerOrBuyer,
    lead_id: UUID,
    sent: Annotated[AssigneeSent, Depends(body_of(AssigneeSent))],
) -> AssigneeAnswer:
    """Every change is kept. The same again changes nothing."""
    with acting(request, caller) as conn:
        return AssigneeAnswer.of(give_lead(conn, caller, str(lead_id), sent.user_id, intake_of(request).clock()))
