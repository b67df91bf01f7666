"""Sales platforms: which one a lead goes to, how fast each may be asked, and what is sent.

Holds the platform table, the upload body and the idempotency key of a batch. Holds no call and no credential,
and does not decide whether a lead is uploaded: the band does.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from lead_pipeline.domain.intent import read_signals
from lead_pipeline.errors import ContractBroken

PLATFORMS: Mapping[str, str] = MappingProxyType(
    {
        "Technology": "tech-platform",
        "Finance": "finance-platform",
        "Healthcare": "healthcare-platform",
        "Retail": "retail-platform",
        "Marketing": "marketing-platform",
    }
)
DEFAULT_PLATFORM = "general-platform"

LEAD_COLUMNS = (
    *(
        "lead_id",
        "company_name",
        "domain",
        "industry",
        "employee_count",
        "revenue",
        "city",
        "state",
        "country",
    ),
    *("band", "signals", "received_at", "enriched_at"),
)
CONTACT_COLUMNS = (*("lead_id", "contact_no", "full_name", "email", "title", "seniority", "department", "is_primary"),)
_CONTACT_FIELDS = ("full_name", "email", "title", "seniority", "department")
_PRIMARY_FIELDS = ("full_name", "email", "title")

_Contacts = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class PlatformLimits:
    """`batch_size` is in leads per request; `requests_per_second` is what we allow ourselves."""

    batch_size: int = 100
    requests_per_second: float = 10.0


LIMITS: Mapping[str, PlatformLimits] = MappingProxyType(
    {platform: PlatformLimits() for platform in (*PLATFORMS.values(), DEFAULT_PLATFORM)}
)


def platform_for(industry_group: pd.Series) -> pd.Series:
    """The platform of each row of `industry_group` (str); any other word, or none, is the general one."""
    return industry_group.astype("str").map(PLATFORMS).fillna(DEFAULT_PLATFORM).astype("str")


def idempotency_key(platform: str, workspace_id: str, lead_ids: Sequence[str]) -> str:
    """SHA-256 in hex of platform, workspace and sorted ids: the order of the leads does not matter."""
    named = json.dumps([platform, workspace_id, sorted(lead_ids)])
    return hashlib.sha256(named.encode()).hexdigest()


def upload_payloads(leads: pd.DataFrame, contacts: pd.DataFrame) -> pd.Series:
    """The upload body of each lead, as a dict of JSON values, on the index of `leads`.

    `leads` has LEAD_COLUMNS, one row per lead, times with a zone; `contacts` has CONTACT_COLUMNS, one row per
    contact. Contacts come in order of contact_no; the primary one is the first that is marked. Raises
    ContractBroken naming a missing column or a time without a zone.
    """
    _require(leads, LEAD_COLUMNS, "leads")
    _require(contacts, CONTACT_COLUMNS, "contacts")
    everyone = _by_lead(contacts, _CONTACT_FIELDS)
    primary = _by_lead(contacts.loc[contacts["is_primary"].eq(True)], _PRIMARY_FIELDS)
    columns = {name: _plain(leads[name]) for name in LEAD_COLUMNS if name not in {"received_at", "enriched_at"}}
    read = {text: read_signals(text) for text in leads["signals"].dropna().unique()}
    columns["signals"] = [list(read.get(text, ())) for text in columns["signals"]]
    columns["created_at"] = _utc(leads["received_at"])
    columns["enriched_at"] = _utc(leads["enriched_at"])
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    return pd.Series([_payload(row, everyone, primary) for row in rows], index=leads.index, dtype=object)


def _payload(row: Mapping[str, Any], everyone: _Contacts, primary: _Contacts) -> dict[str, Any]:
    lead_id = str(row["lead_id"])
    return {
        "id": lead_id,
        "company_name": row["company_name"],
        "domain": row["domain"],
        "industry": row["industry"],
        "employee_count": row["employee_count"],
        "revenue": row["revenue"],
        "location": {part: row[part] for part in ("city", "state", "country")},
        "intent_score": row["band"],
        "intent_signals": row["signals"],
        "contacts": everyone.get(lead_id, []),
        "primary_contact": primary.get(lead_id, [None])[0],
        "created_at": row["created_at"],
        "enriched_at": row["enriched_at"],
    }


def _by_lead(contacts: pd.DataFrame, fields: Sequence[str]) -> _Contacts:
    ordered = contacts.sort_values("contact_no", kind="stable")
    columns = [_plain(ordered[field]) for field in fields]
    grouped: _Contacts = {}
    for lead_id, *values in zip(ordered["lead_id"], *columns, strict=True):
        grouped.setdefault(str(lead_id), []).append(dict(zip(fields, values, strict=True)))
    return grouped


def _plain(column: pd.Series) -> list[Any]:
    """JSON values: None for missing, whole numbers as int even where a missing neighbour made them float."""
    missing = column.isna()
    return [None if absent else _number(value) for value, absent in zip(column, missing, strict=True)]


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float | Decimal):
        if not np.isfinite(float(value)):
            return None
        return int(value) if value == int(value) else float(value)
    return value


def _utc(times: pd.Series) -> list[str | None]:
    """ISO 8601 in UTC, to the second, with Z."""
    if times.isna().all():
        return [None] * len(times)
    if not isinstance(times.dtype, pd.DatetimeTZDtype):
        raise ContractBroken(
            f"{times.name} must be times with a zone, not {times.dtype}. Localise it where it is read."
        )
    naive = times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
    texts = np.datetime_as_string(naive, unit="s")
    return [None if absent else f"{text}Z" for text, absent in zip(texts, times.isna(), strict=True)]


def _require(frame: pd.DataFrame, columns: Sequence[str], name: str) -> None:
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ContractBroken(f"{name} for an upload lacks {', '.join(missing)}. Select them where it is read.")
