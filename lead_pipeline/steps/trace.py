"""One lead's whole story: from drop to upload, with the verdict of every rule, decided again. Writes nothing."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from lead_pipeline.domain.routing import Verdict, explain
from lead_pipeline.errors import NotFound
from lead_pipeline.store.connections import connect
from lead_pipeline.store.rules import rules_at
from lead_pipeline.store.stories import lead_events, lead_overview


@dataclass(frozen=True)
class Story:
    """`lead`: its row of core.lead_overview. `events`: time, event, run and detail, in order. `verdicts`: as tried."""

    lead: dict[str, Any]
    events: list[dict[str, Any]]
    verdicts: list[Verdict]


def trace_lead(url: str, lead_id: str) -> Story:
    """Tell a lead's story. Raises NotFound where there is no such lead."""
    with connect(url, autocommit=True) as conn:
        lead = lead_overview(conn, lead_id) if _is_uuid(lead_id) else None
        if lead is None:
            raise NotFound(f"no lead {lead_id!r}. A lead id is a UUID, as in core.leads.")
        return Story(lead, lead_events(conn, lead_id), _verdicts(conn, lead))


def _verdicts(conn: psycopg.Connection, lead: dict[str, Any]) -> list[Verdict]:
    routing = lead["routing_metadata"]
    if routing is None:
        return []
    workspace = str(lead["workspace_id"])
    return explain({**lead, "workspace_id": workspace}, rules_at(conn, workspace, routing["rule_set_version"]))


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
