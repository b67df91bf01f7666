"""Messages put into words, many at a time: what each tells is read by family, then worded for its channel.

Sends nothing and keeps nothing. Same rows, same bytes: neither the clock nor the order of the messages shows in them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from jinja2 import TemplateError

from lead_pipeline.channels.rendering import can_tell, render
from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.store import delivery_facts as store
from lead_pipeline.store.deliveries import Due
from lead_pipeline.store.delivery_facts import Facts

_LEADS = ("new_lead", "hot_lead")
_NOTICES = ("low_balance", "card_declined", "recharged", "refunded", "endpoint_disabled", "test")
_CONTEXTS = {**dict.fromkeys(_NOTICES, "notice"), "daily_summary": "summary", "manager_notice": "closed"}
"""Kinds whose context is all that they tell, by the name under which the words find it."""


@dataclass(frozen=True)
class Unwritten:
    """A message that has no words yet. `context` is what its intent says, by its kind."""

    delivery_id: str
    kind: str
    channel: str
    workspace_id: str
    buyer_id: str | None
    destination_id: str
    lead_id: str | None
    subject: str
    context: Mapping[str, Any] = field(repr=False)
    intended_at: datetime

    @classmethod
    def of(cls, due: Due) -> "Unwritten":
        """What is needed of a message that is due."""
        return cls(**{name: getattr(due, name) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Written:
    """The content of a message, or why it can no longer be told: the lead is archived, the text was deleted."""

    content: Mapping[str, str] | None = field(default=None, repr=False)
    missing: str | None = None


@dataclass(frozen=True)
class Senders:
    """Who e-mails are from: `default`, or the address that a provider knows. Workspaces that name no provider have
    `email_provider`.
    """

    default: str
    by_provider: Mapping[str, str] = field(default_factory=dict)
    email_provider: str = ""

    def of(self, provider: str | None) -> str:
        """The sender of who sends through that provider."""
        return self.by_provider.get(provider or self.email_provider, self.default)


def write_messages(
    conn: psycopg.Connection, deliveries: Sequence[Unwritten], *, senders: Senders
) -> dict[str, Written]:
    """Delivery to what it says, every one of them; a message that cannot be told holds up no other."""
    read = _Read(conn, deliveries, senders)
    return {one.delivery_id: read.written(one) for one in deliveries}


class _Gone(Exception):
    """What was to be told is not there any more. Does not leave this file."""


class _Read:
    """Everything that some messages tell."""

    def __init__(self, conn: psycopg.Connection, deliveries: Sequence[Unwritten], senders: Senders) -> None:
        self._senders = senders
        sold = [one for one in deliveries if one.kind in _LEADS and one.lead_id and one.buyer_id]
        routed = {one.lead_id for one in deliveries if one.kind in _LEADS and one.lead_id and not one.buyer_id}
        listed = {lead for one in deliveries if one.kind == "routed_leads" for lead in _ids(one.context, "lead_ids")}
        self._frames = store.frames(conn, sorted({one.destination_id for one in deliveries}))
        pairs = sorted({(one.lead_id, one.buyer_id) for one in sold if one.lead_id and one.buyer_id})
        self._bought = store.bought_leads(conn, *zip(*pairs, strict=True)) if pairs else {}
        self._routed = store.routed_leads(conn, sorted(filter(None, routed))) if routed else {}
        self._listed = store.listed_leads(conn, sorted(listed)) if listed else {}

    def written(self, one: Unwritten) -> Written:
        """One message in words."""
        if not can_tell(one.kind, one.channel):
            return Written(missing=f"there are no words for {one.kind} by {one.channel}.")
        try:
            return Written(render(one.kind, one.channel, self._facts(one)))
        except _Gone as gone:
            return Written(missing=str(gone))
        except (KeyError, TypeError, ValueError, AttributeError, TemplateError) as error:
            # Its name only: the error quotes what somebody sent.
            return Written(missing=f"what it tells is not what its kind says ({type(error).__name__}).")

    def _facts(self, one: Unwritten) -> Facts:
        frame = self._frames.get(one.destination_id)
        if frame is None:
            raise _Gone("its receiver is gone.")
        facts = {**frame, "at": one.intended_at, "sender": self._senders.of(frame["email_provider"])}
        if one.kind in _CONTEXTS:
            return {**facts, _CONTEXTS[one.kind]: dict(one.context)}
        return {**facts, **self._family(one)}

    def _family(self, one: Unwritten) -> Facts:
        lead_id = one.lead_id or ""
        if one.kind == "routed_leads":
            listed = [self._listed[lead] for lead in _ids(one.context, "lead_ids") if lead in self._listed]
            context = {name: one.context[name] for name in ("rule", "count", "drop_id")}
            return {**context, "lead_ids": list(one.context["lead_ids"]), "leads": listed}
        lead = self._bought.get((lead_id, one.buyer_id)) if one.buyer_id else self._routed.get(lead_id)
        if lead is None:
            raise _Gone("its lead is archived, or never came to this receiver.")
        return {"lead": lead}


def _ids(context: Mapping[str, Any], name: str) -> list[str]:
    """The ids that a context names, one or several; what is no id is left out."""
    given = context.get(name)
    listed = given if isinstance(given, list) else [given]
    return [found for one in listed if isinstance(one, str) and (found := as_uuid(one)) is not None]
