"""Usage over HTTP: what a seller's messages cost, statements of months that are over, and the seller's markups."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from lead_pipeline.contracts.notifications import MarkupSent
from lead_pipeline.domain.money import decimal_text
from lead_pipeline.domain.usage import micros_text, statement_lines
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerCaller, acting, market_pool
from lead_pipeline.service.market.messages import READ_PROBLEMS, WRITE_PROBLEMS, Done, Told, When, body_of, describes
from lead_pipeline.steps.change_markup import change_markup
from lead_pipeline.store.markups import Markup, markup_of
from lead_pipeline.store.usage import ClosedLine, UsageLine, closed_lines, usage_between

router = APIRouter(tags=["notifications"])
MONTHS = 60
"""Statements that are listed: five years."""
_Month = Annotated[
    str | None, Query(pattern="^(?:19|2[0-9])[0-9]{2}-(?:0[1-9]|1[0-2])$", examples=["2026-03"], description="YYYY-MM.")
]
_Markup = Annotated[MarkupSent, Depends(body_of(MarkupSent))]


class UsageLineTold(Told):
    """What messages on one channel cost: to one buyer, where `buyerId` is not null.

    `units` are messages, of SMS their segments. `baseCost` and `markup` are exact; `amount` is rounded so that lines
    sum to the total.
    """

    channel: str
    buyer_id: str | None
    buyer: str | None
    deliveries: int
    units: int
    base_cost: str
    markup: str
    amount: str


class UsageTold(Told):
    """What messages of a month (UTC) cost, in one currency. `closedAt` null: the month may grow."""

    month: str
    currency: str
    total: str
    lines: list[UsageLineTold]
    closed_at: When | None


class UsageAnswer(Done):
    """Months of usage, the latest first; a month without messages has none."""

    usage: list[UsageTold]


class MarkupAnswer(Done):
    """A seller's markups in percent."""

    sms: str
    email: str

    @classmethod
    def of(cls, found: Markup) -> "MarkupAnswer":
        """The answer about them."""
        return cls(sms=str(found.sms), email=str(found.email))


@router.get("/api/usage", summary="A month's usage", responses=READ_PROBLEMS)
def usage(request: Request, caller: SellerCaller, month: _Month = None) -> UsageAnswer:
    """By channel and buyer; without `month` the current one. What is not about a buyer is the seller's own."""
    since, until = _month_of(month, intake_of(request).clock())
    first = since.date()
    with acting(request, caller) as conn:
        lines = usage_between(conn, caller.workspace_id, since, until)
        closed = {
            (line.month, line.currency): line.closed_at for line in closed_lines(conn, caller.workspace_id, MONTHS)
        }
    return UsageAnswer(
        usage=[
            _told(first, currency, list(of), closed.get((first, currency)))
            for currency, of in groupby(lines, key=lambda line: line.currency)
        ]
    )


@router.get("/api/usage/statements", summary="Statements", responses=READ_PROBLEMS)
def statements(request: Request, caller: SellerCaller) -> UsageAnswer:
    """Of months that are over and closed, the latest first, the last 60. What they say does not change."""
    with acting(request, caller) as conn:
        lines = closed_lines(conn, caller.workspace_id, MONTHS)
    return UsageAnswer(
        usage=[
            _closed(month, currency, list(of))
            for (month, currency), of in groupby(lines, key=lambda line: (line.month, line.currency))
        ]
    )


@router.get("/api/seller/markup", summary="Markups", responses=READ_PROBLEMS)
def markup(request: Request, caller: SellerCaller) -> MarkupAnswer:
    """What is put on the cost of an SMS and an e-mail, in percent."""
    with acting(request, caller) as conn:
        return MarkupAnswer.of(markup_of(conn, caller.workspace_id))


@router.put(
    "/api/seller/markup", summary="Set the markups", responses=WRITE_PROBLEMS, openapi_extra=describes(MarkupSent)
)
def set_markup(request: Request, caller: SellerCaller, sent: _Markup) -> MarkupAnswer:
    """For messages from now on; what is in the books stays."""
    with market_pool(request).connection() as conn, conn.transaction():
        return MarkupAnswer.of(change_markup(conn, caller, sent))


def _told(month: date, currency: str, lines: Sequence[UsageLine], closed_at: datetime | None) -> UsageTold:
    """Lines come sorted by channel, as `statement_lines` names them."""
    micros: dict[str, list[int]] = {}
    for line in lines:
        micros.setdefault(line.channel, []).append(line.base_micros + line.markup_micros)
    shared = [minor for amounts in statement_lines(micros, currency).values() for minor in amounts]
    told = [
        _line(line, minor, currency, buyer_id=line.buyer_id, buyer=line.buyer)
        for line, minor in zip(lines, shared, strict=True)
    ]
    return _usage(month, currency, sum(shared), told, closed_at)


def _closed(month: date, currency: str, lines: Sequence[ClosedLine]) -> UsageTold:
    told = [_line(line, line.total_minor, currency) for line in lines]
    return _usage(month, currency, sum(line.total_minor for line in lines), told, lines[0].closed_at)


def _usage(month: date, currency: str, total: int, lines: list[UsageLineTold], closed_at: datetime | None) -> UsageTold:
    return UsageTold(
        month=f"{month:%Y-%m}",
        currency=currency,
        total=decimal_text(total, currency),
        lines=lines,
        closed_at=closed_at,
    )


def _line(
    line: UsageLine | ClosedLine,
    minor: int,
    currency: str,
    *,
    buyer_id: str | None = None,
    buyer: str | None = None,
) -> UsageLineTold:
    return UsageLineTold(
        channel=line.channel,
        buyer_id=buyer_id,
        buyer=buyer,
        deliveries=line.deliveries,
        units=line.units,
        base_cost=micros_text(line.base_micros),
        markup=micros_text(line.markup_micros),
        amount=decimal_text(minor, currency),
    )


def _month_of(month: str | None, now: datetime) -> tuple[datetime, datetime]:
    """The beginning of a month and of the next one, in UTC."""
    year, number = (now.year, now.month) if month is None else (int(part) for part in month.split("-"))
    since = datetime(year, number, 1, tzinfo=UTC)
    return since, (since + timedelta(days=31)).replace(day=1)
