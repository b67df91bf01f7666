"""Notifications over HTTP: leads as they come, and what happened to a wallet. Sends nothing anywhere."""

import re
from typing import Any

from fastapi import APIRouter, Request
from pydantic.alias_generators import to_camel

from lead_pipeline.domain.money import decimal_text
from lead_pipeline.errors import NotFound
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerOrBuyer, acting
from lead_pipeline.service.market.messages import READ_PROBLEMS, Done, Paged, Told, When
from lead_pipeline.service.market.paging import NotificationsAsked, cursor_of
from lead_pipeline.store.notices import Notification, list_notifications, mark_read

router = APIRouter(prefix="/api/notifications", tags=["market leads"])
_NOTICE = re.compile("notice-([0-9]{1,18}|0[0-9]{18})", re.ASCII)


class NotificationTold(Told):
    """One thing told: `new_lead`, `low_balance`, `card_declined`, `recharged`, `refunded` or `endpoint_disabled`."""

    id: str
    kind: str
    created_at: When
    read_at: When | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, row: Notification, currency: str) -> "NotificationTold":
        """The answer about a row."""
        detail = {to_camel(name): value for name, value in row.detail.items()}
        if "priceMinor" in detail:
            detail["price"] = decimal_text(detail.pop("priceMinor"), currency)
        return cls(id=row.id, kind=row.kind, created_at=row.at, read_at=row.read_at, detail=detail)


class NotificationsAnswer(Paged):
    """Notifications, the last first."""

    notifications: list[NotificationTold]


@router.get("", summary="List notifications", responses=READ_PROBLEMS)
def list_(request: Request, caller: SellerOrBuyer, asked: NotificationsAsked) -> NotificationsAnswer:
    """A buyer is told of leads that it got and of its wallet; a seller of leads that came and of all its buyers."""
    with acting(request, caller) as conn:
        page = list_notifications(conn, caller.workspace_id, caller.buyer_id, asked)
    told = [NotificationTold.of(row, caller.currency) for row in page.rows]
    return NotificationsAnswer(notifications=told, next_cursor=cursor_of(page.next))


@router.post("/{notification_id}/read", summary="Mark a notice as read", responses=READ_PROBLEMS)
def read(request: Request, caller: SellerOrBuyer, notification_id: str) -> Done:
    """By whom it is for; the first time stays. New leads are not marked."""
    number = _NOTICE.fullmatch(notification_id)
    with acting(request, caller) as conn:
        now = intake_of(request).clock()
        if number is None or not mark_read(conn, caller.workspace_id, caller.buyer_id, int(number[1]), now):
            raise NotFound(f"no notice {notification_id!r} of yours. List them with GET /api/notifications.")
    return Done()
