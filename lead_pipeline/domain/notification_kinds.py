"""What a seller and a buyer may ask to be told, on which channel. Which of it they do ask for is in `destinations`."""

from collections.abc import Mapping
from types import MappingProxyType

_URGENT = ("new_lead", "hot_lead", "low_balance", "card_declined")
_BUYER = (*_URGENT, "recharged", "refunded", "daily_summary", "endpoint_disabled")
_SELLER = ("new_lead", "hot_lead", "routed_leads", "endpoint_disabled")
OFFERED: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "BUYER": MappingProxyType({"email": _BUYER, "sms": _URGENT, "slack": _BUYER, "webhook": _BUYER}),
        "SELLER": MappingProxyType(dict.fromkeys(("email", "sms", "slack", "webhook"), _SELLER)),
    }
)
"""Kinds by role and channel. New leads are a buyer's as it buys them, a seller's as its workspace is routed them."""


def fault_of(kind: str, role: str, channel: str) -> str | None:
    """Why somebody of that role cannot be told of a kind on a channel, in words; None where they can."""
    offered = OFFERED[role][channel]
    return None if kind in offered else f"is not told to a {role} by {channel}. There are: {', '.join(offered)}"
