"""Suppliers' leads for a seller's campaigns: scored, kept as offered, distributed, in the caller's transaction.

What a lead is offered to was settled when it was admitted, and stands in its drop's headers under `offer`: live, late
and repaired leads are told by the same words. Whether a buyer gets it is `distribute`'s.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from lead_pipeline.contracts.supplier_leads import SupplierLead
from lead_pipeline.domain.arrow import TEXT
from lead_pipeline.domain.category_fields import is_missing
from lead_pipeline.domain.field_spec import FieldSpec
from lead_pipeline.domain.lead_score import CONTACT_COLUMNS, HISTORY_DAYS, PARTS, score_leads
from lead_pipeline.domain.webhooks import parse_body
from lead_pipeline.steps.distribute import distribute_leads
from lead_pipeline.steps.run import Run
from lead_pipeline.store.campaign_leads import (
    OFFERED_COLUMNS,
    bodies_of_supplier_drops,
    fields_by_category,
    insert_campaign_leads,
)
from lead_pipeline.store.drops import Drop
from lead_pipeline.store.offers import Offer
from lead_pipeline.store.supplier_days import add_outcomes, histories

Place = tuple[int, int]
"""Drop id and row number."""
_ARRIVED = ("lead_id", "workspace_id", "received_at", "day")
_SENT = ("campaign_id", "category_id", "supplier_id", "state", "supplier_quality")
_HISTORY_OF = {"quarantined": "refused"}


@dataclass(frozen=True)
class Offered:
    """What a row is offered to, and what its supplier sent."""

    campaign_id: str
    category_id: str
    supplier_id: str
    state: str
    supplier_quality: str
    data: Mapping[str, Any]


def offer_header(lead: SupplierLead, offer: Offer) -> dict[str, str | None]:
    """What a lead's drop keeps under `offer`."""
    return {
        "campaign_id": offer.campaign_id,
        "category_id": offer.category_id,
        "state": lead.state_code,
        "supplier_quality": lead.quality.upper(),
    }


def offers_of(conn: psycopg.Connection, drops: Sequence[Drop]) -> dict[Place, Offered]:
    """What the rows of drops are offered to: of suppliers' own drops, and of repairs of rows of such."""
    sent: dict[Place, tuple[Mapping[str, Any], bytes]] = {
        (drop.drop_id, 0): (drop.headers, drop.body or b"") for drop in drops if drop.kind == "supplier_lead"
    }
    repaired = {place: first for drop in drops if drop.kind == "repair" for place, first in _repaired(drop)}
    if repaired:
        first = bodies_of_supplier_drops(conn, repaired.values())
        sent |= {place: first[drop_id] for place, drop_id in repaired.items() if drop_id in first}
    return {place: _offered(headers, body) for place, (headers, body) in sent.items() if headers.get("offer")}


def offer_leads(
    conn: psycopg.Connection, leads: pd.DataFrame, bands: pd.Series, offered: Mapping[Place, Offered], run: Run
) -> None:
    """Offer those leads, which this transaction inserted, that are offered to something; in order of arrival.

    `leads` has the columns of core.leads, `bands` its index. The sellers are locked by the caller.
    """
    places = list(zip(leads["drop_id"].tolist(), leads["row_no"].tolist(), strict=True))
    wanted = sorted((place, position) for position, place in enumerate(places) if place in offered)
    if not wanted:
        return
    positions = [position for _, position in wanted]
    told = [offered[place] for place, _ in wanted]
    columns: dict[str, Any] = {name: leads[name].array.take(positions) for name in (*_ARRIVED, *CONTACT_COLUMNS)}
    columns |= {name: pd.array([getattr(one, name) for one in told], dtype=TEXT) for name in _SENT}
    columns |= {"band": bands.array.take(positions)} | _counts(conn, columns["day"], told)
    scores = score_leads(pd.DataFrame(columns, copy=False))
    points = zip(*(scores[part].tolist() for part in PARTS), strict=True)
    columns |= {
        "lead_score": scores["lead_score"].array,
        "score_parts": [json.dumps(dict(zip(PARTS, of_lead, strict=True))) for of_lead in points],
    }
    insert_campaign_leads(conn, pd.DataFrame({name: columns[name] for name in OFFERED_COLUMNS}, copy=False))
    asked = ("lead_id", "workspace_id", "campaign_id", "state")
    distribute_leads(conn, pd.DataFrame({name: columns[name] for name in asked}, copy=False), run)


def count_outcomes(
    conn: psycopg.Connection, drops: Iterable[Drop], day: date, rows_by_drop: Mapping[str, Mapping[int, int]]
) -> None:
    """Add to suppliers' histories what became of the rows of their drops."""
    suppliers = {drop.drop_id: drop.headers.get("supplier_id") for drop in drops if drop.kind == "supplier_lead"}
    found: dict[tuple[str, date], Counter[str]] = {}
    for outcome, rows in rows_by_drop.items():
        for drop_id, count in rows.items():
            if supplier_id := suppliers.get(drop_id):
                found.setdefault((supplier_id, day), Counter())[_HISTORY_OF.get(outcome, outcome)] += count
    add_outcomes(conn, found)


def _counts(conn: psycopg.Connection, days: Iterable[str], told: Sequence[Offered]) -> dict[str, Any]:
    """What `score_leads` asks beside the lead: fields of its category, and its supplier's history before its day."""
    fields = fields_by_category(conn, [one.category_id for one in told])
    asked = [(one.supplier_id, date.fromisoformat(day)) for one, day in zip(told, days, strict=True)]
    history = histories(conn, asked, days=HISTORY_DAYS)
    rows = [
        (*history.get(day, (0, 0)), *_filled(fields.get(one.category_id, ()), one.data))
        for day, one in zip(asked, told, strict=True)
    ]
    names = ("sent", "faulty", "required", "required_filled", "optional", "optional_filled")
    return dict(zip(names, np.array(rows, dtype="int64").T, strict=True))


def _filled(fields: Sequence[FieldSpec], data: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Of a category's fields: required ones, those of them that are filled, and the same of the others."""
    counts = Counter((field.required, is_missing(data.get(field.name))) for field in fields)
    required, optional = counts[True, False], counts[False, False]
    return required + counts[True, True], required, optional + counts[False, True], optional


def _repaired(drop: Drop) -> list[tuple[Place, int]]:
    """Each row of a repair with the drop that it was first received with."""
    lines = [json.loads(line) for line in (drop.body or b"").splitlines() if line.strip()]
    return [((drop.drop_id, row_no), line["drop_id"]) for row_no, line in enumerate(lines) if "drop_id" in line]


def _offered(headers: Mapping[str, Any], body: bytes) -> Offered:
    request = parse_body(body)
    data = request.get("data") if isinstance(request, dict) else None
    return Offered(**headers["offer"], supplier_id=headers["supplier_id"], data=data if isinstance(data, dict) else {})
