"""A seller's markups, read from what was sent and kept. Prices nothing: `domain.usage` does, message by message."""

import re
from decimal import Decimal

import psycopg

from lead_pipeline.contracts.notifications import MarkupSent
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.markups import Markup, markup_of, save_markup

MOST = Decimal(500)
_PERCENT = re.compile(r"[0-9]{1,10}(?:\.[0-9]{1,2})?", re.ASCII)


def change_markup(conn: psycopg.Connection, caller: Caller, sent: MarkupSent) -> Markup:
    """Set both, over the owner's connection. Raises FieldsRefused."""
    faults = Faults()
    markup = Markup(_percent(faults, "sms", sent.sms), _percent(faults, "email", sent.email))
    faults.stop()
    save_markup(conn, caller.workspace_id, markup)
    return markup_of(conn, caller.workspace_id)


def _percent(faults: Faults, field: str, text: str) -> Decimal:
    percent = Decimal(text) if _PERCENT.fullmatch(text) else None
    if percent is None or percent > MOST:
        faults.add(field, f"is no percentage of 0 to {MOST} with two decimals at most; write it such as 20.00")
        return MOST
    return percent
