"""Endpoints of a buyer or a seller: webhooks, which are signed, and incoming webhooks of Slack. Sends nothing."""

import base64
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg

from lead_pipeline.channels.opening import reachable_hosts
from lead_pipeline.channels.targets import check_target
from lead_pipeline.contracts.notifications import EndpointSent, QuietHours
from lead_pipeline.errors import Conflict, NotAllowed, TargetRefused
from lead_pipeline.settings import Settings
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.receiving_terms import quiet_columns, read_kinds, team_of, zone_columns
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.destinations import (
    Destination,
    count_endpoints,
    find_endpoint,
    insert_destination,
    lock_team,
    remove_destination,
    sealed_of,
    update_destination,
)
from lead_pipeline.store.intents import Intent, id_of, intend
from lead_pipeline.store.sealed import Seal

MOST = 20
"""Endpoints of one team."""
PREVIOUS_LASTS = timedelta(hours=24)
"""How long messages are signed with the secret before too."""
Random = Callable[[int], bytes]
_SECRET_BYTES, _PREFIX = 32, "whsec_"
_SLACK = "https://hooks.slack.com/services/"
_ANSWERING = {"failures": 0, "failing_since": None, "retry_at": None}


def make_endpoint(
    conn: psycopg.Connection,
    caller: Caller,
    sent: EndpointSent,
    *,
    seal: Seal,
    settings: Settings,
    now: datetime,
    random: Random = secrets.token_bytes,
) -> tuple[Destination, str | None]:
    """A new endpoint, and the secret of a webhook, which is told this once.

    Raises FieldsRefused, and Conflict where there are MOST already.
    """
    team = team_of(caller)
    given = sent.model_dump(exclude={"channel", "quiet_hours"}) | {"quiet_hours": sent.quiet_hours}
    columns = _columns(seal, settings, caller, sent.channel, given)
    secret = new_secret(random) if sent.channel == "webhook" else None
    lock_team(conn, team)
    if count_endpoints(conn, team) >= MOST:
        raise Conflict(f"there are {MOST} endpoints, and no more are kept. Delete one first.")
    sealed = {} if secret is None else {"secret_sealed": seal.seal(secret.encode())}
    made = insert_destination(conn, team, {"channel": sent.channel, **columns, **sealed}, now)
    return find_endpoint(conn, caller.workspace_id, caller.buyer_id, made), secret


def change_endpoint(
    conn: psycopg.Connection,
    caller: Caller,
    endpoint_id: str,
    given: Mapping[str, Any],
    *,
    seal: Seal,
    settings: Settings,
    now: datetime,
) -> Destination:
    """Change the fields given. Another URL has not failed yet. Raises NotFound, NotAllowed, FieldsRefused."""
    found = _own(conn, caller, endpoint_id)
    columns = _columns(seal, settings, caller, found.channel, given)
    if "address_sealed" in columns:
        columns |= _ANSWERING
    update_destination(conn, team_of(caller), found.destination_id, columns, now)
    return find_endpoint(conn, caller.workspace_id, caller.buyer_id, found.destination_id)


def rotate_secret(
    conn: psycopg.Connection,
    caller: Caller,
    endpoint_id: str,
    *,
    seal: Seal,
    now: datetime,
    random: Random = secrets.token_bytes,
) -> tuple[Destination, str]:
    """A new secret, told this once; the one before signs too for PREVIOUS_LASTS. Raises as the others, and Conflict."""
    found, team, secret = _own(conn, caller, endpoint_id), team_of(caller), new_secret(random)
    sealed = sealed_of(conn, team, found.destination_id)
    if found.channel != "webhook" or sealed is None:
        raise Conflict("messages to Slack are not signed: the URL is the secret. Make another there, and send it here.")
    rotated = {
        "secret_sealed": seal.seal(secret.encode()),
        "previous_secret_sealed": sealed.secret_sealed,
        "previous_secret_until": now + PREVIOUS_LASTS,
    }
    update_destination(conn, team, found.destination_id, rotated, now)
    return find_endpoint(conn, caller.workspace_id, caller.buyer_id, found.destination_id), secret


def enable_endpoint(conn: psycopg.Connection, caller: Caller, endpoint_id: str, now: datetime) -> Destination:
    """Send to it again, as if it had never failed. What died meanwhile is replayed by whoever wants it."""
    found = _own(conn, caller, endpoint_id)
    enabled = {"status": "active", "status_reason": None, **_ANSWERING}
    update_destination(conn, team_of(caller), found.destination_id, enabled, now)
    return find_endpoint(conn, caller.workspace_id, caller.buyer_id, found.destination_id)


def write_test(conn: psycopg.Connection, caller: Caller, endpoint_id: str, run: Run) -> str:
    """Write a message down that says nothing but that it arrived; several within a second are one. Its id.

    It is sent as every other is, in its turn. Raises NotFound, NotAllowed, and Conflict where the endpoint is disabled.
    """
    found, now = _own(conn, caller, endpoint_id), run.clock()
    if found.status == "disabled":
        raise Conflict(
            f"it is disabled: {found.status_reason}. Enable it with POST /api/endpoints/{{id}}/enable first."
        )
    test = Intent(
        "test", f"test/{now:%Y-%m-%dT%H:%M:%SZ}", caller.workspace_id, found.destination_id, found.channel,
        buyer_id=caller.buyer_id, context={"host": found.shown, "channel": found.channel},
    )  # fmt: skip
    intend(conn, [test], now=now, run_id=run.run_id)
    return id_of(conn, test)


def remove_endpoint(conn: psycopg.Connection, caller: Caller, endpoint_id: str, now: datetime) -> None:
    """Tell it nothing more. Its messages stay in the history. Raises NotFound, NotAllowed."""
    found = _own(conn, caller, endpoint_id)
    remove_destination(conn, team_of(caller), found.destination_id, now)


def _own(conn: psycopg.Connection, caller: Caller, endpoint_id: str) -> Destination:
    """A seller reads its buyers' endpoints, and changes none of them."""
    found = find_endpoint(conn, caller.workspace_id, caller.buyer_id, endpoint_id)
    if found.buyer_id != caller.buyer_id:
        raise NotAllowed("this endpoint is a buyer's, who alone may change it.")
    return found


def _columns(seal: Seal, settings: Settings, caller: Caller, channel: str, given: Mapping[str, Any]) -> dict[str, Any]:
    columns, faults = dict(given), Faults()
    for name in ("url", "kinds"):
        if name in columns and columns[name] is None:
            faults.add(name, "cannot be null: leave it out, and it stays")
            del columns[name]
    if "url" in columns:
        columns |= address_columns(seal, settings, faults, channel, columns.pop("url"))
    if "kinds" in columns:
        columns["kinds"] = read_kinds(faults, "kinds", columns["kinds"], caller.role, channel)
    if "quiet_hours" in columns:
        quiet: QuietHours | None = columns.pop("quiet_hours")
        columns |= quiet_columns(faults, quiet)
    if "time_zone" in columns:
        columns |= zone_columns(faults, columns["time_zone"])
    faults.stop()
    return columns


def address_columns(seal: Seal, settings: Settings, faults: Faults, channel: str, url: str) -> dict[str, Any]:
    try:
        check_target(url, reachable_hosts(settings))
    except TargetRefused as refused:
        faults.add("url", str(refused))
        return {}
    slack = (_SLACK, f"{settings.sandbox_url.rstrip('/')}/slack/services/") if settings.uses_sandbox else (_SLACK,)
    if channel == "slack" and not url.startswith(slack):
        faults.add("url", f"is none of Slack's: send the URL of an incoming webhook, which begins with {_SLACK}")
    return {"address_sealed": seal.seal(url.encode()), "shown": httpx.URL(url).netloc.decode()}


def new_secret(random: Random) -> str:
    return _PREFIX + base64.b64encode(random(_SECRET_BYTES)).decode()
