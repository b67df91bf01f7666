"""An event landed as the intake service lands it, without the service."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import psycopg

from lead_pipeline.domain.webhooks import read_envelope
from lead_pipeline.store.drops import Landing, land


def land_event(conn: psycopg.Connection, workspace_id: str, source: str, event: Mapping[str, Any]) -> int:
    """Returns the drop's id; it was received now."""
    body, now = json.dumps(event).encode(), datetime.now(UTC)
    envelope = read_envelope(source, body)
    drop_id, _ = land(
        conn,
        Landing(
            source=source,
            kind="webhook",
            event_type=envelope.event_type,
            external_id=envelope.external_id,
            workspace_id=workspace_id,
            day=now.date(),
            received_at=now,
            body=body,
            body_sha256=hashlib.sha256(body).hexdigest(),
        ),
    )
    return drop_id
