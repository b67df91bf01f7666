"""What one person in one team wants to be told, on which channel and when not. An SMS is opted in to, and out of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from lead_pipeline.contracts.notifications import PreferencesSent, SmsSent
from lead_pipeline.domain.masking import mask_phone
from lead_pipeline.domain.phone import ask_library
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.receiving_terms import quiet_columns, read_kinds, team_of, zone_columns
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.destinations import (
    Destination,
    Team,
    insert_destination,
    lock_team,
    personal_destinations,
    remove_destination,
    sealed_of,
    update_destination,
)
from lead_pipeline.store.sealed import Seal

_TAKES_SMS = frozenset({"mobile", "fixed_line_or_mobile", "voip", "personal_number"})


def read_preferences(conn: psycopg.Connection, caller: Caller) -> dict[str, Destination]:
    """The caller's own destinations, by channel."""
    return personal_destinations(conn, team_of(caller), caller.user_id)


def save_preferences(
    conn: psycopg.Connection, seal: Seal, caller: Caller, sent: PreferencesSent, now: datetime
) -> dict[str, Destination]:
    """Make the caller's preferences what was sent, in the transaction that the connection is in. Raises FieldsRefused.

    Whoever opts in again, or with another number, does so anew: the row before stays, ended, as the record of it.
    """
    team, faults = team_of(caller), Faults()
    when = {
        **quiet_columns(faults, sent.quiet_hours),
        **zone_columns(faults, sent.time_zone),
        "summary_hour": sent.summary_hour,
    }
    email = {**when, "kinds": read_kinds(faults, "email.kinds", sent.email.kinds, caller.role, "email")}
    sms = None if sent.sms is None or not sent.sms.opt_in else sent.sms
    number, kinds = _wanted(faults, sms, caller.role)
    lock_team(conn, team)
    own = personal_destinations(conn, team, caller.user_id)
    if sms is not None and sms.phone is None and "sms" not in own:
        faults.add("sms.phone", "is missing: send the number that opts in")
    faults.stop()
    _keep(conn, caller, own.get("email"), {"channel": "email", **email}, now)
    if sms is None:
        _end(conn, team, own.get("sms"), now)
    else:
        opted = {**when, "channel": "sms", "kinds": kinds}
        if number is not None and number != _number_of(conn, seal, team, own.get("sms")):
            _end(conn, team, own.pop("sms", None), now)
            opted |= {
                "address_sealed": seal.seal(number.encode()),
                "shown": mask_phone(number),
                "opted_in_at": now,
            }
        _keep(conn, caller, own.get("sms"), opted, now)
    return personal_destinations(conn, team, caller.user_id)


def _wanted(faults: Faults, sms: SmsSent | None, role: str) -> tuple[str | None, list[str]]:
    """The number in E.164, None for the one that is there, and the kinds."""
    if sms is None:
        return None, []
    number = None
    if sms.phone is not None:
        number, _, kind = ask_library(sms.phone, None)
        if number is None:
            faults.add("sms.phone", "is no valid number: write it with its country's code, such as +12025550123")
        elif kind not in _TAKES_SMS:
            faults.add("sms.phone", f"is a number that takes no SMS ({kind.replace('_', ' ')}): send a mobile one")
    return number, read_kinds(faults, "sms.kinds", sms.kinds, role, "sms")


def _keep(
    conn: psycopg.Connection, caller: Caller, known: Destination | None, columns: Mapping[str, Any], now: datetime
) -> None:
    if known is None:
        insert_destination(conn, team_of(caller), {"user_id": caller.user_id, **columns}, now)
    else:
        update_destination(conn, team_of(caller), known.destination_id, columns, now)


def _end(conn: psycopg.Connection, team: Team, known: Destination | None, now: datetime) -> None:
    if known is not None:
        remove_destination(conn, team, known.destination_id, now)


def _number_of(conn: psycopg.Connection, seal: Seal, team: Team, known: Destination | None) -> str | None:
    sealed = None if known is None else sealed_of(conn, team, known.destination_id)
    return None if sealed is None or sealed.address_sealed is None else seal.open(sealed.address_sealed).decode()
