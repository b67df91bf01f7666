"""Hot and warm leads that are enriched to batches that are written down, each with its key. Sends nothing."""

import json
from datetime import date

import numpy as np
import pandas as pd

from lead_pipeline.domain.platforms import LIMITS, idempotency_key, platform_for, upload_payloads
from lead_pipeline.steps.run import Run
from lead_pipeline.store import uploads
from lead_pipeline.store.connections import connect


def plan_uploads(url: str, day: date, run: Run) -> int:
    """Group the leads of a day by workspace, platform and band, and write the batches. Returns how many leads."""
    with connect(url) as conn, conn.transaction():
        uploads.lock_planning(conn)
        leads = uploads.ready_leads(conn, day)
        if leads.empty:
            return 0
        leads = leads.assign(
            platform=platform_for(leads["industry_group"]),
            payload=upload_payloads(leads, uploads.contacts_of(conn, leads["lead_id"].tolist())).map(json.dumps),
        )
        leads["batch_key"] = _batch_keys(leads)
        first = leads.drop_duplicates("batch_key")
        batches = first[["batch_key", "workspace_id", "platform", "band"]].assign(
            day=day.isoformat(), run_id=run.run_id, intended_at=run.clock().isoformat()
        )
        uploads.intend(conn, batches, leads[["lead_id", "batch_key", "payload"]])
        return len(leads)


def _batch_keys(leads: pd.DataFrame) -> pd.Series:
    """The key of each lead's batch: groups cut to what the platform takes at once."""
    group = ["workspace_id", "platform", "band"]
    sizes = leads["platform"].map({name: limit.batch_size for name, limit in LIMITS.items()})
    part: pd.Series = leads.groupby(group).cumcount() // np.maximum(sizes, 1)
    keys = pd.Series("", index=leads.index, dtype="str")
    for (workspace_id, platform, _band, _part), ids in leads.groupby([*group, part])["lead_id"]:
        keys.loc[ids.index] = idempotency_key(str(platform), str(workspace_id), ids.tolist())
    return keys
