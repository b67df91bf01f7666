"""Facts as the templates show them: every word made inert, names chosen, numbers and signals put into words.

Facts in, the templates' variables out. Reads nothing, and is not what webhooks are made of: machines get facts whole.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lead_pipeline.domain.inert_text import mail_link, one_line
from lead_pipeline.domain.intent import STRENGTH_BY_TYPE

MOST_ROWS = 20
"""Of a lead's own attributes, signals or contacts in one message."""
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_MAY_LACK = dict.fromkeys(("next_attempt_at", "failing_since", "payment_id", "lead_id"))
"""Of a notice; what else it lacks, it cannot be told without."""
_CLOSED = ("crm_lead_id", "realtor", "realtor_name", "manager_name", "closed_at", "customer", "source")


def shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of the template: those of the frame, and those of the family that the facts are of."""
    safe: dict[str, Any] = inert(facts)
    families: dict[str, Callable[[Any], Any]] = {
        "lead": _bought if safe["buyer_id"] else _routed,
        "leads": lambda leads: [_listed(one) for one in leads],
        "notice": lambda notice: {**_MAY_LACK, **notice},
        "closed": _closed,
        "summary": _summary,
    }
    made = {name: make(safe[name]) for name, make in families.items() if name in safe}
    return {**safe, "brand": _brand(safe["brand"]), **made}


def inert(value: Any) -> Any:
    """The same with every text on one line; what is neither text, number, time nor a collection of them is None."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {one_line(str(key)): inert(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [inert(one) for one in value]
    return value if isinstance(value, int | float | datetime) else None


def name_of(lead: Mapping[str, Any]) -> str:
    """What a person's lead is called: the name, else what else there is to know it by."""
    both = " ".join(part for part in (lead.get("first_name"), lead.get("last_name")) if part)
    known = (lead.get("full_name"), both, lead.get("company_name"), lead.get("email"), lead.get("phone"))
    return next((str(one) for one in known if one), "a lead without a name")


def _brand(brand: Mapping[str, Any]) -> dict[str, Any]:
    color, reply_to = brand.get("color"), brand.get("reply_to")
    return {
        "name": brand["name"] or "Lead Pipeline",
        "color": color if isinstance(color, str) and _COLOR.fullmatch(color) else None,
        "reply_to": reply_to if isinstance(reply_to, str) and mail_link(reply_to) else None,
    }


def _bought(lead: Mapping[str, Any]) -> dict[str, Any]:
    details = [(_words(key), _value(value)) for key, value in (lead["attributes"] or {}).items()]
    return {**lead, "name": name_of(lead), "details": details[:MOST_ROWS]}


def _routed(lead: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **lead,
        "title": lead["company_name"] or name_of(lead),
        "place": ", ".join(str(lead[part]) for part in ("city", "state", "country") if lead[part]) or None,
        "employee_count": _number(lead["employee_count"]),
        "revenue": _number(lead["revenue"]),
        "tags": [str(tag) for tag in lead["tags"] or []],
        "signals": [_signal(one) for one in lead["signals"] or [] if isinstance(one, Mapping)][:MOST_ROWS],
        "contacts": [
            {"name": one["full_name"] or "?", "title": one["title"], "email": one["email"]}
            for one in lead["contacts"] or []
        ][:MOST_ROWS],
    }


def _listed(lead: Mapping[str, Any]) -> dict[str, Any]:
    title = lead["company_name"] or name_of(lead)
    return {**lead, "title": title, "row": (title, lead["industry"], lead["band"])}


def _closed(closed: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: closed.get(key) for key in _CLOSED}
    by = told["realtor_name"] or told["realtor"] or "?"
    return {**told, "by": by, "title": told["customer"] or f"Lead {told['crm_lead_id']}"}


def _summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    rows = [(one["name"], one["leads"], f"{one['spent']} {summary['currency']}") for one in summary["campaigns"]]
    return {**summary, "campaigns": rows}


def _signal(signal: Mapping[str, Any]) -> tuple[str, str | None]:
    about = next((str(signal[key]) for key in ("topic", "detail", "description", "url") if signal.get(key)), None)
    kind = _words(str(signal.get("signal_type") or "signal"))
    strength = signal.get("signal_strength") or STRENGTH_BY_TYPE.get(str(signal.get("signal_type")))
    return (f"{kind}: {about}" if about else kind), None if strength is None else str(strength)


def _words(key: str) -> str:
    """A name as programs write it, in words: `creditRange` and `credit_range` are `Credit range`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+", " ", key).strip()
    return spaced[:1].upper() + spaced[1:].lower()


def _value(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return None if isinstance(value, Mapping) else value


def _number(value: Any) -> str | None:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else None
