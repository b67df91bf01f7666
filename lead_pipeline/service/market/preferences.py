"""Notification preferences over HTTP: what one person is told, on which channel and when not. The step decides."""

from datetime import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from lead_pipeline.contracts.notifications import PreferencesSent
from lead_pipeline.domain.notification_kinds import OFFERED
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerOrBuyer, acting, market_pool
from lead_pipeline.service.market.messages import READ_PROBLEMS, WRITE_PROBLEMS, Done, Told, When, body_of, describes
from lead_pipeline.steps.preferences import read_preferences, save_preferences
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.destinations import Destination
from lead_pipeline.store.sealed import credential_seal

router = APIRouter(prefix="/api/notifications/preferences", tags=["notifications"])
_Sent = Annotated[PreferencesSent, Depends(body_of(PreferencesSent))]


class QuietTold(Told):
    """Hours of every day in which nothing is sent."""

    begin: str = Field(alias="from")
    until: str

    @classmethod
    def of(cls, row: Destination) -> "QuietTold | None":
        """The quiet hours of a destination."""
        if row.quiet_from is None or row.quiet_until is None:
            return None
        return cls.model_validate({"from": _clock(row.quiet_from), "until": _clock(row.quiet_until)})


class EmailTold(Told):
    """What is told by e-mail, and what may be."""

    address: str
    kinds: list[str]
    offered: list[str]


class SmsTold(Told):
    """What is told by SMS, to which number; `phone` is masked."""

    phone: str
    opt_in: bool
    opted_in_at: When
    kinds: list[str]


class PreferencesTold(Told):
    """Preferences of one person in one team. `timeZone` null: the seller's; `sms` null: not opted in."""

    email: EmailTold
    sms: SmsTold | None
    sms_offered: list[str]
    quiet_hours: QuietTold | None
    time_zone: str | None
    summary_hour: int


class PreferencesAnswer(Done):
    """One's own preferences."""

    preferences: PreferencesTold


@router.get("", summary="My notification preferences", responses=READ_PROBLEMS)
def get(request: Request, caller: SellerOrBuyer) -> PreferencesAnswer:
    """Of the caller, in the team that the session acts for."""
    with acting(request, caller) as conn:
        return _answer(caller, read_preferences(conn, caller))


@router.put("", summary="Set my preferences", responses=WRITE_PROBLEMS, openapi_extra=describes(PreferencesSent))
def put(request: Request, caller: SellerOrBuyer, sent: _Sent) -> PreferencesAnswer:
    """All of them. SMS only with `optIn` true; without `sms`, or with `optIn` false, no SMS from now on."""
    intake = intake_of(request)
    seal = credential_seal(intake.settings)
    with market_pool(request).connection() as conn, conn.transaction():
        return _answer(caller, save_preferences(conn, seal, caller, sent, intake.clock()))


def _answer(caller: Caller, own: dict[str, Destination]) -> PreferencesAnswer:
    email, sms = own.get("email"), own.get("sms")
    offered = OFFERED[caller.role]
    told = PreferencesTold(
        email=EmailTold(
            address=caller.email, kinds=[] if email is None else email.kinds, offered=list(offered["email"])
        ),
        sms=None if sms is None or sms.opted_in_at is None else SmsTold(
            phone=sms.shown, opt_in=True, opted_in_at=sms.opted_in_at, kinds=sms.kinds
        ),
        sms_offered=list(offered["sms"]),
        quiet_hours=None if email is None else QuietTold.of(email),
        time_zone=None if email is None else email.time_zone,
        summary_hour=8 if email is None else email.summary_hour,
    )  # fmt: skip
    return PreferencesAnswer(preferences=told)


def _clock(at: time) -> str:
    return f"{at:%H:%M}"
