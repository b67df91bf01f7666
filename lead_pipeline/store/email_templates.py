"""`outbound.email_templates`: the texts that a workspace writes its leads. Reads and finds; fills none."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.rows import class_row

from lead_pipeline.domain.slugs import as_uuid
from lead_pipeline.errors import NotFound
from lead_pipeline.store.pages import Asked, Page, Place, fetch_page

TABLE, KEY = "outbound.email_templates", "template_id"


@dataclass(frozen=True)
class TemplateRow:
    """A text at its current version."""

    template_id: str
    workspace_id: str
    name: str
    subject: str = field(repr=False)
    body: str = field(repr=False)
    version: int
    updated_at: datetime


_SELECT = """
    SELECT t.template_id::text, t.workspace_id::text, t.name, t.subject, t.body, t.version, t.updated_at
    FROM outbound.email_templates t WHERE t.deleted_at IS NULL
"""


def find_template(
    conn: psycopg.Connection, workspace_id: str, template_id: str, *, lock: Literal["", "FOR UPDATE OF t"] = ""
) -> TemplateRow:
    """The text of that id, held until the transaction ends where asked. Raises NotFound."""
    with conn.cursor(row_factory=class_row(TemplateRow)) as cursor:
        found = cursor.execute(
            f"{_SELECT} AND t.workspace_id = %s AND t.template_id = %s {lock}", [workspace_id, as_uuid(template_id)]
        ).fetchone()
    if found is None:
        raise NotFound(f"no text {template_id!r}. List them with GET /api/email-templates.")
    return found


def list_templates(conn: psycopg.Connection, workspace_id: str, asked: Asked) -> Page[TemplateRow]:
    """The texts of a workspace, the last changed first."""
    return fetch_page(
        conn, TemplateRow, _SELECT, {"t.workspace_id = %s": workspace_id}, asked,
        order=("t.updated_at", "t.template_id"), place=lambda one: Place(one.updated_at, one.template_id),
        newest_first=True,
    )  # fmt: skip
