"""What a seller puts on the cost of messages, in `market.sellers`. Prices nothing."""

from dataclasses import dataclass
from decimal import Decimal

import psycopg

from lead_pipeline.errors import NotFound


@dataclass(frozen=True)
class Markup:
    """In percent, by channel."""

    sms: Decimal
    email: Decimal


def markup_of(conn: psycopg.Connection, workspace_id: str) -> Markup:
    """A seller's. Raises NotFound where the workspace sells nothing."""
    row = conn.execute(
        "SELECT sms_markup_percent, email_markup_percent FROM market.sellers WHERE workspace_id = %s", [workspace_id]
    ).fetchone()
    if row is None:
        raise NotFound("this workspace sells nothing any more.")
    return Markup(*row)


def save_markup(conn: psycopg.Connection, workspace_id: str, markup: Markup) -> None:
    """For messages from now on; over the owner's connection."""
    conn.execute(
        "UPDATE market.sellers SET sms_markup_percent = %s, email_markup_percent = %s WHERE workspace_id = %s",
        [markup.sms, markup.email, workspace_id],
    )
