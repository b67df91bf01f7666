"""What a webhook's body says: the name of its event, when it happened, and what it is about, as compact JSON.

Machines read it, so nothing is left out or shortened and times are UTC. It is ASCII: no one on the way writes it anew,
and what a name hides is seen. Signs nothing.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from lead_pipeline.domain.local_times import utc_text

_Facts = Mapping[str, Any]


def webhook_body(kind: str, facts: _Facts) -> str:
    """The body of a message of that kind; `facts` as `rendering.render` takes them. Raises KeyError for what lacks,
    ValueError for a number that JSON has not.
    """
    event, data_of = EVENTS[kind]
    told = {"event": event, "timestamp": utc_text(facts["at"]), "data": data_of(facts)}
    return json.dumps(told, separators=(",", ":"), allow_nan=False)


def _lead(facts: _Facts) -> dict[str, Any]:
    """A lead: the five fields that receivers were promised first, then everything else that the channel may tell."""
    lead = facts["lead"]
    first = {
        "leadId": lead["id"],
        "buyerId": facts["buyer_id"],
        "firstName": lead["first_name"],
        "lastName": lead["last_name"],
        "email": lead["email"],
    }
    return first | (_bought(facts) if facts["buyer_id"] else _routed(facts))


def _bought(facts: _Facts) -> dict[str, Any]:
    lead = facts["lead"]
    price, currency = _amount(lead["price"])
    return {
        "workspaceId": facts["workspace_id"],
        "isHot": facts["is_hot"],
        "fullName": lead["full_name"],
        "phone": lead["phone"],
        "companyName": lead["company_name"],
        "city": lead["city"],
        "state": lead["state"],
        "campaign": lead["campaign"],
        "category": lead["category"],
        "quality": lead["quality"],
        "leadScore": lead["score"],
        "price": price,
        "currency": currency,
        "attributes": lead["attributes"],
        "receivedAt": utc_text(lead["received_at"]),
        "assignedAt": utc_text(lead["assigned_at"]),
    }


def _routed(facts: _Facts) -> dict[str, Any]:
    lead = facts["lead"]
    return {
        "workspaceId": facts["workspace_id"],
        "isHot": facts["is_hot"],
        "fullName": lead["full_name"],
        "phone": lead["phone"],
        "companyName": lead["company_name"],
        "domain": lead["domain"],
        "industry": lead["industry"],
        "employeeCount": lead["employee_count"],
        "revenue": lead["revenue"],
        "location": {part: lead[part] for part in ("city", "state", "country")},
        "intentScore": lead["band"],
        "intentSignals": lead["signals"],
        "contacts": [
            {
                "fullName": contact["full_name"],
                "email": contact["email"],
                "title": contact["title"],
                "seniority": contact["seniority"],
                "department": contact["department"],
                "isPrimary": contact["is_primary"],
            }
            for contact in lead["contacts"]
        ],
        "routingReason": lead["reason"],
        "rule": lead["rule"],
        "tags": lead["tags"],
        "receivedAt": utc_text(lead["received_at"]),
        "enrichedAt": None if lead["enriched_at"] is None else utc_text(lead["enriched_at"]),
    }


def _routed_leads(facts: _Facts) -> dict[str, Any]:
    return {
        "workspaceId": facts["workspace_id"],
        "rule": facts["rule"],
        "count": facts["count"],
        "dropId": facts["drop_id"],
        "leadIds": facts["lead_ids"],
    }


def _money(facts: _Facts) -> dict[str, Any]:
    """A notice about money: whose, how much, and what else its detail says."""
    detail: Mapping[str, Any] = facts["notice"]
    name = "balance" if "balance" in detail else "amount"
    amount, currency = _amount(detail[name])
    more = _camels({key: value for key, value in detail.items() if key != name})
    return {"buyerId": facts["buyer_id"], name: amount, "currency": currency, **more}


def _summary(facts: _Facts) -> dict[str, Any]:
    summary = facts["summary"]
    return {
        "buyerId": facts["buyer_id"],
        "date": summary["date"],
        "timeZone": summary["time_zone"],
        "leads": summary["leads"],
        "hot": summary["hot"],
        "spent": summary["spent"],
        "balance": summary["balance"],
        "currency": summary["currency"],
        "campaigns": [{key: one[key] for key in ("name", "leads", "spent")} for one in summary["campaigns"]],
    }


def _closed(facts: _Facts) -> dict[str, Any]:
    return {"workspaceId": facts["workspace_id"], **_camels(facts["closed"])}


def _endpoint(facts: _Facts) -> dict[str, Any]:
    return {"workspaceId": facts["workspace_id"], "buyerId": facts["buyer_id"], **_camels(facts["notice"])}


def _amount(text: str) -> tuple[str, str]:
    """`25.00 USD`, as money writes itself, in its two parts."""
    amount, _, currency = text.partition(" ")
    return amount, currency


def _camels(detail: Mapping[str, Any]) -> dict[str, Any]:
    """A context's own names in camelCase, its times in UTC."""
    told: dict[str, Any] = {}
    for name, value in detail.items():
        head, *rest = name.split("_")
        is_time = isinstance(value, str) and rest[-1:] in (["at"], ["since"])
        told[head + "".join(word.capitalize() for word in rest)] = (
            utc_text(datetime.fromisoformat(value)) if is_time else value
        )
    return told


EVENTS: Mapping[str, tuple[str, Callable[[_Facts], dict[str, Any]]]] = MappingProxyType(
    {
        "new_lead": ("lead.assigned", _lead),
        "hot_lead": ("lead.assigned", _lead),
        "routed_leads": ("leads.routed", _routed_leads),
        "low_balance": ("wallet.low_balance", _money),
        "card_declined": ("card.declined", _money),
        "recharged": ("wallet.recharged", _money),
        "refunded": ("lead.refunded", _money),
        "daily_summary": ("summary.daily", _summary),
        "manager_notice": ("lead.closed", _closed),
        "endpoint_disabled": ("endpoint.disabled", _endpoint),
        "test": ("endpoint.test", _endpoint),
    }
)
"""Kind of message to the event's name and what its `data` is made by. Outreach has none: it is written to people."""
