"""On which terms somebody is told: kinds that are offered, quiet hours, a time zone, and whose they are."""

from collections.abc import Sequence
from datetime import time
from typing import Any
from zoneinfo import available_timezones

from lead_pipeline.contracts.notifications import QuietHours
from lead_pipeline.domain.notification_kinds import fault_of
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.destinations import Team


def team_of(caller: Caller) -> Team:
    """A buyer's own, or the seller's."""
    return Team(caller.workspace_id, caller.buyer_id)


def read_kinds(faults: Faults, field: str, kinds: Sequence[str], role: str, channel: str) -> list[str]:
    """Each once, in order. What is not offered is noted at its place."""
    for place, kind in enumerate(kinds):
        words = fault_of(kind, role, channel)
        if words is not None:
            faults.add(f"{field}.{place}", words)
    return sorted(set(kinds))


def quiet_columns(faults: Faults, sent: QuietHours | None) -> dict[str, Any]:
    """The columns of quiet hours. Hours that end as they begin are noted."""
    if sent is None:
        return {"quiet_from": None, "quiet_until": None}
    if sent.begin == sent.until:
        faults.add("quietHours.until", "is when they begin: send null for no quiet hours")
    return {"quiet_from": time.fromisoformat(sent.begin), "quiet_until": time.fromisoformat(sent.until)}


def zone_columns(faults: Faults, time_zone: str | None) -> dict[str, Any]:
    """The column of the zone. One that IANA does not know is noted."""
    if time_zone is not None and time_zone not in available_timezones():
        faults.add("timeZone", "is no time zone of IANA: write it such as America/New_York")
    return {"time_zone": time_zone}
