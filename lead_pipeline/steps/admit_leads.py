"""May a supplier's lead be sent: its key and allowance, its category, and of a seller the campaign and the data.

Asked before anything is kept, for many requests at once. What becomes of a lead is `ingest_lead`'s.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from lead_pipeline.contracts.supplier_leads import SupplierLead
from lead_pipeline.domain.category_fields import check_values
from lead_pipeline.errors import FieldsRefused, KeyRefused, LeadPipelineError, LimitReached
from lead_pipeline.steps.keys import check_key
from lead_pipeline.store.api_keys import ApiKey
from lead_pipeline.store.offers import Named, Offer, find_offers
from lead_pipeline.store.rate_limits import take

SCOPE = "ingest"


@dataclass(frozen=True)
class Sent:
    """A request: its key, and its lead where the body holds one."""

    key: str | None
    lead: SupplierLead | None


@dataclass(frozen=True)
class Admitted:
    """`offer` is None where the key's workspace is no seller, or the body held no lead."""

    key: ApiKey
    offer: Offer | None


@dataclass(frozen=True)
class Allowance:
    """How many requests a minute a key may send; a sixth of them may come at once."""

    per_minute: int

    @property
    def burst(self) -> int:
        return max(1, self.per_minute // 6)


def admit(
    conn: psycopg.Connection, sent: Sequence[Sent], *, header: str, allowance: Allowance, now: datetime
) -> list[Admitted | LeadPipelineError]:
    """Each request's key with one taken from its allowance, and what its lead is offered to; else why not.

    The errors are KeyRefused and LimitReached.
    """
    keys = {key: _key(conn, key, header, now) for key in {one.key for one in sent}}
    found = [keys[one.key] for one in sent]
    refused = _take(conn, [key for key in found if isinstance(key, ApiKey)], allowance, now)
    named = [_named(key, one.lead) for key, one in zip(found, sent, strict=True)]
    offers = find_offers(conn, [one for one in named if one is not None])
    answers: list[Admitted | LeadPipelineError] = []
    for key, names in zip(found, named, strict=True):
        if not isinstance(key, ApiKey):
            answers.append(key)
        elif refused[key.key_id]:
            answers.append(refused[key.key_id].pop())
        else:
            answers.append(Admitted(key, None if names is None else offers.get(names)))
    return answers


def _named(key: ApiKey | LeadPipelineError, lead: SupplierLead | None) -> Named | None:
    if lead is None or not isinstance(key, ApiKey):
        return None
    return key.workspace_id, lead.campaign_id, lead.category_id


def check_lead(lead: SupplierLead, admitted: Admitted) -> None:
    """Raises KeyRefused where the supplier may not send to the lead's category, FieldsRefused where a seller's
    campaign, category or fields do not take it."""
    key, offer = admitted.key, admitted.offer
    faults = [] if offer is None else _unknown(offer)
    if faults:
        raise FieldsRefused(faults)
    names = {lead.category_id, *([offer.category_id, offer.category] if offer is not None else [])}
    if not names & set(key.permitted_categories):
        allowed = ", ".join(key.permitted_categories) or "none yet"
        raise KeyRefused(
            f"{key.supplier} may not send to category {lead.category_id!r}; it may send to: {allowed}. "
            "Ask the seller: lead-pipeline suppliers add WORKSPACE NAME --category ID",
            is_known=True,
        )
    if offer is None:
        return
    if offer.campaign_category != offer.category_id:
        faults.append({"field": "categoryId", "message": "is not the category of this campaign: send its own"})
    else:
        of_data = check_values(offer.fields, lead.data)
        faults = [{"field": f"data.{one['field']}", "message": one["message"]} for one in of_data]
    if faults:
        raise FieldsRefused(faults)


def _unknown(offer: Offer) -> list[dict[str, str]]:
    said = {"campaignId": offer.campaign_id, "categoryId": offer.category_id}
    message = "names none of the seller's: send the id or the slug of one that is there"
    return [{"field": field, "message": message} for field, found in said.items() if found is None]


def _key(conn: psycopg.Connection, key: str | None, header: str, now: datetime) -> ApiKey | LeadPipelineError:
    try:
        return check_key(conn, key, SCOPE, header=header, now=now)
    except KeyRefused as error:
        return error


def _take(
    conn: psycopg.Connection, keys: Sequence[ApiKey], allowance: Allowance, now: datetime
) -> dict[str, list[LimitReached]]:
    """Key id to one refusal for each of its requests that is too many."""
    return {
        key_id: _refusals(conn, f"{SCOPE}/{key_id}", wanted, allowance, now)
        for key_id, wanted in sorted(Counter(key.key_id for key in keys).items())
    }


def _refusals(
    conn: psycopg.Connection, scope: str, wanted: int, allowance: Allowance, now: datetime
) -> list[LimitReached]:
    """All in one statement, and one by one only where they are too many."""
    try:
        take(conn, scope, per_minute=allowance.per_minute, burst=allowance.burst, now=now, count=wanted)
    except LimitReached as error:
        if wanted == 1:
            return [error]
        return [one for _ in range(wanted) for one in _refusals(conn, scope, 1, allowance, now)]
    return []
