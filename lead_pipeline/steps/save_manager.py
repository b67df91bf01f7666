"""A realtor's manager, and how it is told when the realtor closes a lead: checked, sealed, saved. Tells nobody."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psycopg

from lead_pipeline.domain.crm_closing import key_of
from lead_pipeline.domain.email import ask_library as read_email
from lead_pipeline.domain.inert_text import one_line
from lead_pipeline.domain.masking import mask_email, mask_phone
from lead_pipeline.domain.phone import ask_library as read_phone
from lead_pipeline.steps.field_faults import Faults
from lead_pipeline.steps.run import Run
from lead_pipeline.store import managers
from lead_pipeline.store.managers import Address
from lead_pipeline.store.sealed import Seal

_LONGEST = 200
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class NewManager:
    """What is said of a manager. `realtor` is the realtor's e-mail or id at the CRM; at least one way to be told."""

    realtor: str
    realtor_name: str
    manager_name: str
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    slack: str | None = field(default=None, repr=False)
    sms_opt_in: bool = False


def save_manager(conn: psycopg.Connection, seal: Seal, workspace_id: str, sent: NewManager, run: Run) -> str:
    """Add a manager, or bring the one of that name and realtor up to date: told in these ways and no others.

    Returns its id. Raises FieldsRefused, which names every field at fault; nothing is saved then.
    """
    faults = Faults()
    realtor = _realtor(sent.realtor, faults)
    realtor_name = _name("realtor_name", sent.realtor_name, faults)
    manager_name = _name("manager_name", sent.manager_name, faults)
    told_by = _addresses(sent, faults)
    faults.stop()
    with conn.transaction():
        manager_id = managers.save_pair(
            conn,
            workspace_id=workspace_id,
            realtor=realtor,
            realtor_name=realtor_name,
            manager_name=manager_name,
            now=run.clock(),
        )
        kept = managers.sealed_addresses(conn, manager_id)
        for channel, (address, shown) in told_by.items():
            if channel not in kept or seal.open(kept[channel]) != address.encode():
                sealed = Address(channel, seal.seal(address.encode()), shown)
                managers.tell_at(conn, workspace_id, manager_id, sealed, run.clock())
        managers.tell_only_by(conn, manager_id, list(told_by), run.clock())
    return manager_id


def _realtor(text: str, faults: Faults) -> str:
    key = key_of(text)
    if not key or len(key) > _LONGEST:
        faults.add("realtor", f"is empty or longer than {_LONGEST} characters: give the e-mail or id at the CRM")
    elif "@" in key and read_email(key)[0] is None:
        faults.add("realtor", "is no e-mail address, though it has an @")
    return key


def _name(field_name: str, text: str, faults: Faults) -> str:
    name = one_line(text)
    if not name or len(text) > _LONGEST:
        faults.add(field_name, f"is empty or longer than {_LONGEST} characters")
    return name


def _addresses(sent: NewManager, faults: Faults) -> dict[str, tuple[str, str]]:
    """Address by channel, and as people are shown it."""
    found: dict[str, tuple[str, str]] = {}
    if sent.email is not None:
        address, _ = read_email(sent.email.strip())
        if address is None:
            faults.add("email", "is no e-mail address")
        else:
            found["email"] = address, mask_email(address)
    if sent.phone is not None:
        number, _, _ = read_phone(sent.phone, None)
        if number is None:
            faults.add("phone", "is no valid number: write it with its country, as +5511987654321")
        elif not sent.sms_opt_in:
            faults.add("phone", "is sent SMS only with the manager's consent: confirm it with --sms-opt-in")
        else:
            found["sms"] = number, mask_phone(number)
    if sent.slack is not None:
        host = _slack_host(sent.slack)
        if host is None:
            faults.add("slack", "is no https address of an incoming webhook")
        else:
            found["slack"] = sent.slack, host
    if (sent.email, sent.phone, sent.slack) == (None, None, None):
        faults.add("email", "is missing, as are phone and slack: say how the manager is told")
    return found


def _slack_host(url: str) -> str | None:
    """The host of an address that messages may be posted to; plain http only on this machine, for the sandbox."""
    try:
        parts = urlsplit(url)
        host, has_user = parts.hostname, parts.username is not None
    except ValueError:
        return None
    is_plain = url.isascii() and url.isprintable() and " " not in url and not has_user
    is_kept_secret = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    return host if is_plain and is_kept_secret else None
