"""Webhook events, supplier leads and repaired rows to validated, scored, routed and sold leads, in one transaction.

One row of a request and hundreds of events take this same way. Clay's answers are no leads: `settle_contacts`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
import psycopg

from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.domain.arrow import TEXT
from lead_pipeline.domain.webhook_rows import EVENT_COLUMNS, event_rows, page_rows, repair_rows, supplier_rows
from lead_pipeline.domain.webhooks import read_envelope
from lead_pipeline.steps.decide import assign, score
from lead_pipeline.steps.offer_leads import count_outcomes, offer_leads, offers_of
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.set_aside import decide_in_chunks
from lead_pipeline.steps.validate_rows import commit_rows, refused_rows, validate_rows
from lead_pipeline.store import drops as drop_store
from lead_pipeline.store.connections import connect
from lead_pipeline.store.decisions import insert_assignments, insert_scores
from lead_pipeline.store.drops import Drop
from lead_pipeline.store.leads import insert_quarantined
from lead_pipeline.store.market_lock import lock_sellers
from lead_pipeline.store.refused_drops import refuse_again

EVENT_KINDS = ("webhook", "supplier_lead", "repair")
LEAD_SOURCES = ("datashopper", "audience-labs", "c2s", "supplier", "repair")
WHOLE = -1
"""The row number of a drop that is refused whole."""
_EVENTS_AT_ONCE = 500


def decide_pending_events(
    url: str, day: date, run: Run, *, sources: Sequence[str] = LEAD_SOURCES, workspace: str | None = None
) -> Accounting:
    """Decide every landed event of a day of these sources, but those that another process holds.

    `workspace` (slug or id) receives what names none. Returns what became of their rows.
    """
    wanted = [source for source in sources if source in LEAD_SOURCES]
    with connect(url) as conn:
        done = decide_in_chunks(
            conn,
            lambda limit: drop_store.claim(
                conn, stage="landed", day=day, kinds=EVENT_KINDS, sources=wanted, limit=limit
            ),
            lambda drops: decide_drops(conn, drops, run, workspace=workspace),
            lambda drops, reasons: refuse_drops(conn, drops, reasons),
            at_once=_EVENTS_AT_ONCE,
        )
        return sum(done, Accounting())


def decide_now(url: str, drop_ids: Sequence[int], run: Run, *, workspace: str | None = None) -> Accounting:
    """Decide just these landed drops, but those that another process holds, in one transaction."""
    with connect(url) as conn:
        return decide_drops(conn, drop_store.lock_drops(conn, drop_ids, stage="landed"), run, workspace=workspace)


def decide_drops(
    conn: psycopg.Connection, drops: Sequence[Drop], run: Run, *, workspace: str | None = None
) -> Accounting:
    """Decide locked drops of EVENT_KINDS in the caller's transaction: leads, scores, assignments, quarantined rows;
    and sales, of what is offered to a seller's campaign."""
    if not drops:
        return Accounting()
    refused = {drop.drop_id: reason for drop in drops if (reason := _unreadable(drop)) is not None}
    readable, homeless = find_homes(conn, [drop for drop in drops if drop.drop_id not in refused], workspace)
    refused |= homeless
    counts = refuse_drops(conn, [drop for drop in drops if drop.drop_id in refused], refused)
    accepted = [drop for drop in readable if drop.drop_id not in refused]
    if accepted:
        valid = validate_rows(rows_of_events(accepted), accepted)
        offered = offers_of(conn, accepted)
        if offered:  # the sellers before anything else that somebody may wait for
            selling = {drop_id for drop_id, _ in offered}
            lock_sellers(
                conn, {drop.workspace_id for drop in accepted if drop.workspace_id and drop.drop_id in selling}
            )
        scores, assignments = score(valid.leads, run), assign(conn, valid.leads, run)
        done = commit_rows(conn, valid)
        as_read = done.new.index.sort_values()
        insert_scores(conn, scores.loc[as_read], fresh=True)
        insert_assignments(conn, assignments.loc[as_read], fresh=True)
        count_outcomes(conn, accepted, run.clock().date(), done.rows_by_drop)
        offer_leads(conn, done.new, scores["band"].loc[done.new.index], offered, run)
        drop_store.advance(conn, [drop.drop_id for drop in accepted], stage="routed")
        counts += done.counts
    return counts


def refuse_drops(conn: psycopg.Connection, drops: Sequence[Drop], reasons: dict[int, str]) -> Accounting:
    """Quarantine drops whole, each as one row WHOLE with its reason (by drop id), in the caller's transaction."""
    if not drops:
        return Accounting()
    drop_store.refuse_whole(conn, {drop.drop_id: reasons[drop.drop_id] for drop in drops})
    rows = whole_rows(drops, reasons)
    first = rows[~rows["drop_id"].isin(refuse_again(conn, rows))]
    insert_quarantined(conn, first)
    counts = pd.DataFrame({"drop_id": first["drop_id"], "accepted": 0, "duplicate": 0, "quarantined": 1})
    drop_store.count_rows(conn, counts)
    return Accounting(quarantined=len(drops))


def whole_rows(drops: Sequence[Drop], reasons: Mapping[int, str]) -> pd.DataFrame:
    """Drops as quarantined rows, each whole as its row WHOLE with its reason (by drop id)."""
    return refused_rows([(drop.drop_id, WHOLE, reasons[drop.drop_id], _text(drop)) for drop in drops])


_READERS: dict[str, Callable[[Drop], list[dict[str, str | None]]]] = {
    "webhook": lambda drop: event_rows(drop.source, drop.body or b""),
    "supplier_lead": lambda drop: supplier_rows(drop.body or b""),
    "repair": lambda drop: repair_rows(drop.body or b""),
    "vendor_page": lambda drop: page_rows(drop.body or b""),
}


def rows_of_events(drops: Sequence[Drop]) -> pd.DataFrame:
    """The canonical rows of drops of EVENT_KINDS and of pulled pages of leads, numbered from 0 in each drop.

    A column in which everything is missing is left out.
    """
    read = [_READERS[drop.kind](drop) for drop in drops]
    lengths = [len(rows) for rows in read]
    rows = [row for rows in read for row in rows]
    texts = {name: [row[name] for row in rows] for name in EVENT_COLUMNS}
    return pd.DataFrame(
        {
            **{name: pd.array(values, dtype=TEXT) for name, values in texts.items() if _is_some(values)},
            "drop_id": np.repeat(np.array([drop.drop_id for drop in drops], dtype="int64"), lengths),
            "row_no": np.concatenate([np.arange(length, dtype="int64") for length in lengths]),
        },
        copy=False,
    )


def _is_some(values: Sequence[object]) -> bool:
    return any(value is not None for value in values)


def _unreadable(drop: Drop) -> str | None:
    """Why nothing can be read from an event, None where it holds leads."""
    if drop.kind != "webhook":
        return None
    envelope = read_envelope(drop.source, drop.body or b"")
    return envelope.problem if envelope.holds == "unknown" else None


def find_homes(
    conn: psycopg.Connection, drops: Sequence[Drop], workspace: str | None
) -> tuple[list[Drop], dict[int, str]]:
    """Locked drops, those without a workspace looked up again, and why each that still has none is refused (by id)."""
    found = _at_home(conn, drops, workspace)
    return found, {drop.drop_id: _homeless(drop, workspace) for drop in found if drop.workspace_id is None}


def _at_home(conn: psycopg.Connection, drops: Sequence[Drop], workspace: str | None) -> list[Drop]:
    """The drops, those that landed without a workspace looked up again: it may be there by now."""
    names = {drop.drop_id: name for drop in drops if drop.workspace_id is None and (name := _named(drop, workspace))}
    if not names:
        return list(drops)
    drop_store.name_workspaces(conn, names)
    known = {drop.drop_id: drop for drop in drop_store.lock_drops(conn, list(names), stage="landed")}
    return [known.get(drop.drop_id, drop) for drop in drops]


def _named(drop: Drop, workspace: str | None) -> str | None:
    is_page = drop.kind == "vendor_page"
    named = drop.headers.get("workspace") if is_page else read_envelope(drop.source, drop.body or b"").workspace
    return named or workspace


def _homeless(drop: Drop, workspace: str | None) -> str:
    name = _named(drop, workspace)
    if name is None:
        return "it names no workspace: set WEBHOOK_WORKSPACE, or have the sender put workspace_id into the body"
    return f"no workspace {name!r}: add it with `lead-pipeline workspaces add`, then retry"


def _text(drop: Drop) -> str:
    return (drop.body or b"").decode("utf-8", "replace").replace("\x00", "\ufffd")
