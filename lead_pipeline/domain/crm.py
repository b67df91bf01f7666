"""What an event of the CRM says of a party: its contacts, what is wrong with each, and which of them are looked up.

Holds no look-up and no message (`crm_message`). Numbers are Brazilian unless they say otherwise. No body raises.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from types import MappingProxyType

import pandas as pd

from lead_pipeline.domain.arrow import missing_text
from lead_pipeline.domain.cells import clean_cells
from lead_pipeline.domain.email import FAKE_PATTERNS, normalise_emails
from lead_pipeline.domain.phone import normalise_phones
from lead_pipeline.domain.vendor_rows import storable_text, text_of
from lead_pipeline.domain.webhooks import lead_entries, read_envelope

CRM = "c2s"
CHECKS = ("email_syntax", "fake_email", "phone")
"""What is asked of a contact before it is looked up. Each can be switched off."""
COUNTRY = "BR"
INVALID_EMAIL, INVALID_PHONE, FOREIGN_PHONE = "invalid_email", "invalid_phone", "foreign_phone"
NO_LEAD = "it names no lead: have Contact2Sale send `id`"
_FIELDS: Mapping[str, str] = MappingProxyType(
    {"email": "email", "phone": "phone", "phone2": "phone", "phone_global": "phone"}
)
_LONGEST_ID = 200
_FAKE = f"({'|'.join(FAKE_PATTERNS)})"
_COLUMNS = ("event_no", "kind", "written")


@dataclass(frozen=True, slots=True)
class CrmEvent:
    """One event. `needs_chain` is False for one that asks for nothing, `problem` says why one cannot be worked on.

    `contacts` are (kind, text as written) in the CRM's own order.
    """

    lead_id: str | None
    needs_chain: bool
    problem: str | None = None
    updated_at: datetime | None = None
    contacts: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def read_event(body: bytes) -> CrmEvent:
    """What the body of an event says."""
    envelope = read_envelope(CRM, body)
    if envelope.holds == "nothing":
        return CrmEvent(None, needs_chain=False)
    if envelope.problem is not None:
        return CrmEvent(None, needs_chain=False, problem=envelope.problem)
    [lead] = lead_entries(CRM, body)
    lead_id = lead_id_of(lead.get("id"))
    customer = lead["attributes"]["customer"]
    texts = [(kind, text_of(customer.get(name))) for name, kind in _FIELDS.items()]
    return CrmEvent(
        lead_id,
        needs_chain=lead_id is not None,
        problem=NO_LEAD if lead_id is None else None,
        updated_at=moment_of(lead["attributes"].get("updated_at")),
        contacts=tuple((kind, text) for kind, text in texts if text),
    )


def contacts_of(events: Sequence[CrmEvent]) -> pd.DataFrame:
    """A row per contact of each event that is no other one in another spelling, in the CRM's order.

    Columns: `event_no` (place in `events`), `contact_no` (from 1 in each event), `kind` (email, phone), `written`,
    `normal` (missing where invalid), `compared` (what two spellings have in common), and for each of CHECKS the reason
    why it fails, missing where it does not.
    """
    rows = [(number, kind, text) for number, event in enumerate(events) for kind, text in event.contacts]
    given = pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"event_no": "int64", "kind": "str", "written": "str"})
    given["written"] = clean_cells(given["written"])
    given = given[given["written"].notna()].reset_index(drop=True)
    is_email = given["kind"] == "email"
    emails = normalise_emails(given["written"].where(is_email))
    phones = normalise_phones(given["written"].where(~is_email), pd.Series(COUNTRY, index=given.index, dtype="str"))
    normal = emails["email"].where(is_email, phones["phone"])
    foreign = phones["phone"].notna() & (phones["phone_country"] != COUNTRY)
    phone = _says(given.index, {INVALID_PHONE: ~is_email & phones["phone"].isna(), FOREIGN_PHONE: foreign})
    judged = given.assign(
        normal=normal,
        compared=normal.fillna(given["written"]).str.lower(),
        email_syntax=_says(given.index, {INVALID_EMAIL: is_email & emails["email"].isna()}),
        fake_email=("fake_email:" + _fake_pattern(given["written"], emails["fake_pattern"])).where(is_email),
        phone=phone,
    )
    distinct = judged.drop_duplicates(["event_no", "kind", "compared"]).reset_index(drop=True)
    return distinct.assign(contact_no=distinct.groupby("event_no").cumcount() + 1)


def contact_texts(events: Sequence[CrmEvent]) -> list[str]:
    """What identifies the contact information of each event, however and in whatever order it is spelt."""
    contacts = contacts_of(events)
    keys = (contacts["kind"] + ":" + contacts["compared"]).groupby(contacts["event_no"]).agg(list)
    return ["|".join(sorted(keys.get(number, []))) for number in range(len(events))]


def judge_contacts(contacts: pd.DataFrame, off: Collection[str] = ()) -> pd.DataFrame:
    """What becomes of each row of `contacts_of`, with these of CHECKS switched off.

    Columns: `reason` (why it is not looked up, missing where it is), `asks` (what is looked up: the normal form, else
    what was written), `let_through` (list of the switched-off checks that it failed, of one that is looked up).
    """
    reason = missing_text(contacts.index)
    for check in CHECKS:
        if check not in off:
            reason = reason.fillna(contacts[check])
    failed = [contacts[check].notna() for check in CHECKS if check in off]
    names = [check for check in CHECKS if check in off]
    through = [
        [name for name, hit in zip(names, hits, strict=True) if hit and is_asked]
        for is_asked, *hits in zip(reason.isna(), *failed, strict=True)
    ]
    asks = contacts["normal"].fillna(contacts["written"])
    return pd.DataFrame({"reason": reason, "asks": asks, "let_through": pd.Series(through, index=contacts.index)})


def used_checks(judged: pd.DataFrame) -> list[str]:
    """The switched-off checks that made a difference, in the order of CHECKS."""
    used = set(chain.from_iterable(judged["let_through"]))
    return [check for check in CHECKS if check in used]


def _says(index: pd.Index, reasons: Mapping[str, pd.Series]) -> pd.Series:
    said = missing_text(index)
    for reason, rows in reasons.items():
        said = said.mask(rows, reason)
    return said


def _fake_pattern(written: pd.Series, of_valid: pd.Series) -> pd.Series:
    """The pattern in an accepted address; in what is none, the one before its last `@`, or anywhere."""
    local = written.str.replace(r"@[^@]*$", "", regex=True)
    return of_valid.fillna(local.str.extract(_FAKE, expand=False))


def lead_id_of(value: object) -> str | None:
    """A lead's id as text, None for what can be none."""
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_ID or not text.isprintable():
        return None
    return text if text.strip() == text and storable_text(text) == text else None


def moment_of(value: object) -> datetime | None:
    """A moment that the CRM writes, in UTC where it names no zone; None for what is none."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)
