"""Facts to look at messages with: one example of each kind, and the same with the names that an attacker would choose.

People and companies are made up; nothing is read from a database.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

AT = datetime(2026, 3, 2, 19, 5, tzinfo=UTC)
HOSTILE = (
    "<script>alert(1)</script>\r\nBcc: everyone@evil.example\u202egnp.exe\u200b {{ 7 * 7 }} <!channel> "
    "javascript:alert(2) \"'><img src=x onerror=alert(3)> & *bold* `code` \x00\x1b[31m"
)
_FRAME = {
    "workspace_id": "0195f3c0-0000-7000-8000-00000000000a",
    "buyer_id": "0195f3c0-0000-7000-8000-0000000000b1",
    "buyer": "Bright Solar",
    "brand": {"name": "Ada's Leads", "color": "#0f766e", "reply_to": "help@ada.example"},
    "sender": "Lead Pipeline <notifications@lead-pipeline.example>",
    "time_zone": "America/New_York",
    "at": AT,
}
_WORKSPACE = {**_FRAME, "buyer_id": None, "buyer": None, "brand": {"name": "Tech Desk"}, "workspace": "Tech Desk"}
_BOUGHT = {
    "id": "0195f3c0-0000-7000-8000-000000000001",
    "full_name": "Jane Doe",
    "first_name": "Jane",
    "last_name": "Doe",
    "email": "jane.doe@example.com",
    "phone": "+12125550123",
    "company_name": None,
    "city": "Brooklyn",
    "state": "NY",
    "campaign": "Solar roofs, New York",
    "category": "Solar",
    "quality": "WARM",
    "score": 74,
    "price": "25.00 USD",
    "attributes": {"roofType": "slate", "monthlyBill": 220, "isOwner": True},
    "received_at": datetime(2026, 3, 2, 19, 4, 58, tzinfo=UTC),
    "assigned_at": AT,
}
_ROUTED = {
    "id": "0195f3c0-0000-7000-8000-000000000002",
    "full_name": None,
    "first_name": None,
    "last_name": None,
    "job_title": None,
    "email": None,
    "phone": None,
    "company_name": "Northwind Analytics",
    "domain": "northwind.example",
    "website": "https://northwind.example/",
    "industry": "Technology",
    "employee_count": 1200,
    "revenue": 85_000_000,
    "city": "Austin",
    "state": "TX",
    "country": "US",
    "band": "hot",
    "signals": [
        {"signal_type": "researching_topic", "signal_strength": "high", "topic": "cloud migration"},
        {"signal_type": "whitepaper_download", "signal_strength": "medium"},
    ],
    "contacts": [
        {"full_name": "Grace Okafor", "email": "grace@northwind.example", "title": "VP Engineering",
         "seniority": "vp", "department": "engineering", "is_primary": True},
        {"full_name": "Luis Ortega", "email": None, "title": "IT Manager", "seniority": "manager",
         "department": "it", "is_primary": False},
    ],
    "reason": "rule Technology: industry is Technology",
    "rule": "Technology",
    "tags": ["enterprise", "q2"],
    "received_at": datetime(2026, 3, 2, 18, 58, tzinfo=UTC),
    "enriched_at": AT,
}  # fmt: skip
_LISTED = [
    {"id": f"0195f3c0-0000-7000-8000-00000000001{number}", "full_name": None, "first_name": None, "last_name": None,
     "email": None, "phone": None, "company_name": name, "industry": industry, "band": band}
    for number, (name, industry, band) in enumerate(
        [("Northwind Analytics", "Technology", "hot"), ("Contoso Cloud", "Technology", "warm"),
         ("Fabrikam Data", "Technology", "cold")]
    )
]  # fmt: skip
_SUMMARY = {
    "date": "2026-03-02",
    "time_zone": "America/New_York",
    "leads": 17,
    "hot": 5,
    "spent": "455.00",
    "balance": "1045.00",
    "currency": "USD",
    "campaigns": [
        {"name": "Solar roofs, New York", "leads": 11, "spent": "275.00"},
        {"name": "Heat pumps, Tri-State", "leads": 6, "spent": "180.00"},
    ],
}
_CLOSED = {
    "crm_lead_id": "c2s-88121",
    "realtor": "paulo@imobiliaria.example",
    "realtor_name": "Paulo Souza",
    "manager_name": "Marina Lima",
    "closed_at": "2026-03-02T18:40:00+00:00",
    "customer": "João Pereira",
    "source": "Portal de imóveis",
}
_PAYMENT = "41"
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "new_lead": {**_FRAME, "lead": _BOUGHT},
    "hot_lead": {**_FRAME, "lead": {**_BOUGHT, "score": 92, "quality": "HOT"}},
    "new_lead-routed": {**_WORKSPACE, "lead": {**_ROUTED, "band": "warm"}},
    "hot_lead-routed": {**_WORKSPACE, "lead": _ROUTED},
    "routed_leads": {
        **_WORKSPACE,
        "rule": "Technology",
        "count": 5,
        "drop_id": 1207,
        "lead_ids": [one["id"] for one in _LISTED],
        "leads": _LISTED,
    },
    "low_balance": {**_FRAME, "notice": {"balance": "12.50 USD"}},
    "card_declined": {
        **_FRAME,
        "notice": {"amount": "200.00 USD", "payment_id": _PAYMENT, "reason": "Your card has insufficient funds.",
                   "payment_method_id": "pm_1", "next_attempt_at": "2026-03-02T20:05:00+00:00"},
    },
    "recharged": {**_FRAME, "notice": {"amount": "200.00 USD", "payment_id": _PAYMENT}},
    "refunded": {
        **_FRAME, "notice": {"amount": "25.00 USD", "lead_id": _BOUGHT["id"], "reason": "The number was not in service"}
    },
    "endpoint_disabled": {
        **_WORKSPACE,
        "notice": {"host": "hooks.northwind.example", "channel": "webhook", "reason": "it answered 500 for 72 hours",
                   "failing_since": "2026-02-27T19:00:00+00:00"},
    },
    "test": {**_FRAME, "notice": {"host": "hooks.northwind.example", "channel": "webhook"}},
    "daily_summary": {**_FRAME, "summary": _SUMMARY},
    "manager_notice": {**_WORKSPACE, "time_zone": "America/Sao_Paulo", "closed": _CLOSED},
    "outreach": {
        **_WORKSPACE,
        "written": {
            "subject": "Cloud costs at Northwind Analytics",
            "text": "Hi Grace,\n\nyou have been reading about cloud migration. We moved two firms of your size last "
            "year.\n\nMay I call you on Thursday?\n\nAda",
        },
    },
}  # fmt: skip
"""Name to facts, as `channels.rendering.render` takes them; `-routed` tells of a lead that was routed, not bought."""


def kind_of(name: str) -> str:
    """The kind of message that an example is of."""
    return name.partition("-")[0]


def hostile(facts: Any, key: str = "") -> Any:
    """The same facts, every text that somebody outside chooses replaced by HOSTILE, and every name a long one."""
    if isinstance(facts, Mapping):
        return {name: hostile(value, name) for name, value in facts.items()}
    if isinstance(facts, list):
        return [hostile(value, key) for value in facts]
    if not isinstance(facts, str) or key in _OURS or key.endswith(("_id", "_at")):
        return facts
    return HOSTILE if key != "website" else f"javascript:alert(1)//{HOSTILE}"


_OURS = {
    "id", "lead_ids", "sender", "time_zone", "color", "reply_to", "price", "amount", "balance", "spent", "currency",
    "date", "band", "failing_since",
}  # fmt: skip
