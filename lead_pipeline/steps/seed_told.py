"""Who is told of leads in a seeded world: destinations at the sandbox. Saving them again changes nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lead_pipeline.settings import Settings
from lead_pipeline.steps.workspace_destinations import save_workspace_destination
from lead_pipeline.store.connections import connect
from lead_pipeline.store.sealed import Seal
from lead_pipeline.store.workspaces import workspace_id


def seed_told(url: str, told: Sequence[Mapping[str, Any]], *, sandbox_url: str, seal: Seal, settings: Settings) -> None:
    """Save what `told` names: workspace (slug), channel, address and kinds; an address that begins with / is the
    sandbox's.
    """
    here = settings.model_copy(update={"sandbox_url": sandbox_url})
    with connect(url) as conn, conn.transaction():
        for one in told:
            address = one["address"]
            save_workspace_destination(
                conn,
                workspace_id(conn, one["workspace"]),
                one["channel"],
                f"{sandbox_url}{address}" if address.startswith("/") else address,
                kinds=one["kinds"],
                seal=seal,
                settings=here,
                now=datetime.now(UTC),
            )
