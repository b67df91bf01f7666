"""Hot and warm leads that are enriched to batches that are written down, each with its key. Sends nothing."""

import json
from collections.abc import Mapping
from datetime import date

import pandas as pd

from lead_pipeline.domain.platforms import idempotency_key, platform_for, upload_payloads
from lead_pipeline.domain.provider_limits import limits_of
from lead_pipeline.steps.run import Run
from lead_pipeline.store import platform_accounts, uploads
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
        leads["batch_key"] = _batch_keys(
            leads, platform_accounts.providers_of(conn, leads["workspace_id"].unique().tolist())
        )
        first = leads.drop_duplicates("batch_key")
        batches = first[["batch_key", "workspace_id", "platform", "band"]].assign(
            day=day.isoformat(), run_id=run.run_id, intended_at=run.clock().isoformat()
        )
        uploads.intend(conn, batches, leads[["lead_id", "batch_key", "payload"]])
        return len(leads)


def _batch_keys(leads: pd.DataFrame, providers: Mapping[tuple[str, str], str]) -> pd.Series:
    """The key of each lead's batch: groups cut to what the account's product takes at once."""
    group = ["workspace_id", "platform", "band"]
    keys = pd.Series("", index=leads.index, dtype="str")
    for (workspace_id, platform, _band), ids in leads.groupby(group)["lead_id"]:
        account = (str(workspace_id), str(platform))
        size = limits_of(account[1], providers.get(account)).batch_size
        for start in range(0, len(ids), size):
            part = ids.iloc[start : start + size]
            keys.loc[part.index] = idempotency_key(account[1], account[0], part.tolist())
    return keys
