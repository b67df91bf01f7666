"""Who is told of a workspace's own leads: an e-mail address, a number, a Slack channel or a webhook, kept by operators.

Sellers and buyers keep theirs over the API (`preferences`, `endpoints`). Sends nothing.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import psycopg

from lead_pipeline.domain.email import ask_library as read_email
from lead_pipeline.domain.masking import mask_email, mask_phone
from lead_pipeline.domain.notification_kinds import OFFERED, fault_of
from lead_pipeline.domain.phone import ask_library as read_phone
from lead_pipeline.settings import Settings
from lead_pipeline.steps.endpoints import address_columns, new_secret
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.store.operator_destinations import put_destination
from lead_pipeline.store.sealed import Seal

_OWNER = "SELLER"


@dataclass(frozen=True)
class Saved:
    """A destination; `secret` is what its webhooks are signed with, told once, None where it was there before."""

    destination_id: str
    secret: str | None


def save_workspace_destination(
    conn: psycopg.Connection,
    workspace_id: str,
    channel: str,
    address: str,
    *,
    kinds: Sequence[str],
    seal: Seal,
    settings: Settings,
    now: datetime,
    name: str = "",
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> Saved:
    """Tell a workspace's own leads to an address from now on, in the caller's transaction.

    A destination is known by workspace, channel and `name`: saved again, it has the new address and kinds. Raises
    FieldsRefused.
    """
    faults = Faults()
    if channel not in OFFERED[_OWNER]:
        faults.add("channel", f"is none that there is: {', '.join(OFFERED[_OWNER])}")
        faults.stop()
    for kind in kinds:
        fault = fault_of(kind, _OWNER, channel)
        if fault is not None:
            faults.add("kinds", f"{kind} {fault}")
    if not kinds:
        faults.add("kinds", "is empty: say what it is told of")
    columns = _address(channel, address, seal, settings, faults)
    faults.stop()
    if channel == "sms":
        columns["opted_in_at"] = now
    secret = new_secret(random) if channel == "webhook" else None
    destination_id = str(uuid5(UUID(workspace_id), f"{channel}/{name}"))
    is_new = put_destination(
        conn,
        destination_id,
        {"workspace_id": workspace_id, "channel": channel, "kinds": sorted(set(kinds)), **columns},
        secret_sealed=None if secret is None else seal.seal(secret.encode()),
        now=now,
    )
    return Saved(destination_id, secret if is_new else None)


def _address(channel: str, address: str, seal: Seal, settings: Settings, faults: Faults) -> dict[str, object]:
    """The sealed address, and as people are shown it."""
    if channel in ("webhook", "slack"):
        return dict(address_columns(seal, settings, faults, channel, address))
    if channel == "email":
        found, _ = read_email(address.strip())
        shown, words = (None if found is None else mask_email(found)), "is no e-mail address"
    else:
        found, _, _ = read_phone(address, None)
        shown, words = (None if found is None else mask_phone(found)), "is no valid number: write it as +12025550123"
    if found is None:
        faults.add("address", words)
        return {}
    return {"address_sealed": seal.seal(found.encode()), "shown": shown}
