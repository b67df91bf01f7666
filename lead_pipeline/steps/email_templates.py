"""Texts that a workspace writes its leads: made, changed, deleted, and looked at with a lead filled in. Sends none."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from lead_pipeline.channels.rendering import render
from lead_pipeline.contracts.email_templates import EmailTemplateSent, fill, refuse_faults
from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import Conflict, NotFound
from lead_pipeline.steps.sessions import Caller
from lead_pipeline.store.delivery_facts import addressed_leads, brand_of
from lead_pipeline.store.email_templates import KEY, TABLE, TemplateRow, find_template
from lead_pipeline.store.market_rows import insert_row, update_row


def create_template(conn: psycopg.Connection, caller: Caller, sent: EmailTemplateSent, now: datetime) -> TemplateRow:
    """A new text. Raises FieldsRefused with its faults, and Conflict where there is one of that name."""
    columns = sent.model_dump(exclude={"version"})
    refuse_faults(columns)
    made = insert_row(conn, TABLE, KEY, {"workspace_id": caller.workspace_id, "updated_at": now, **columns})
    if made is None:
        raise Conflict(f"there is a text {sent.name!r} already. Choose another name.")
    return find_template(conn, caller.workspace_id, made)


def change_template(
    conn: psycopg.Connection, caller: Caller, wanted: str, given: Mapping[str, Any], seen: int | None, *, now: datetime
) -> TemplateRow:
    """Change the fields given: its next version. Raises NotFound, FieldsRefused; Conflict: a name taken, or `seen` is
    no more.
    """
    found = find_template(conn, caller.workspace_id, wanted, lock="FOR UPDATE OF t")
    refuse_faults(given)
    changes = {**given, "version": found.version + 1, "updated_at": now}
    update_row(conn, TABLE, KEY, found.template_id, changes, seen=seen)
    return find_template(conn, caller.workspace_id, found.template_id)


def delete_template(conn: psycopg.Connection, caller: Caller, wanted: str, now: datetime) -> None:
    """Delete a text. Raises NotFound."""
    found = find_template(conn, caller.workspace_id, wanted)
    update_row(conn, TABLE, KEY, found.template_id, {"deleted_at": now})


def preview_template(
    conn: psycopg.Connection, caller: Caller, wanted: str, lead_id: str, *, sender: str, now: datetime
) -> Mapping[str, str]:
    """The e-mail that a lead would get: subject, html, text, sender. Nothing is sent and nothing kept.

    Raises NotFound for a text or lead that is not the caller's, and FieldsRefused where the lead lacks a field that the
    text names without a default.
    """
    template = find_template(conn, caller.workspace_id, wanted)
    known = as_uuid(lead_id)
    lead = None if known is None else addressed_leads(conn, [known]).get(known)
    if lead is None or lead["workspace_id"] != caller.workspace_id:
        raise NotFound(f"no lead {lead_id!r} with its personal data. List them with GET /api/leads.")
    subject, text = fill(template.subject, template.body, lead)
    frame = {"workspace_id": caller.workspace_id, "buyer_id": None, "buyer": None, "time_zone": caller.time_zone}
    brand = brand_of(conn, caller.workspace_id)
    written = {"subject": subject, "text": text}
    return render("outreach", "email", {**frame, "brand": brand, "sender": sender, "at": now, "written": written})
