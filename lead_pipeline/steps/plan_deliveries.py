"""A day's leads to messages: enriched ones to the workspace that owns them, and those that a rule wants told of.

Writes messages down; sends none. Sales and notices are written down by what decides them.
"""

from datetime import date

from lead_pipeline.steps.run import Run
from lead_pipeline.store import delivery_plans as store
from lead_pipeline.store.connections import connect
from lead_pipeline.store.intents import Intent, intend, receivers_of

NAMED = 20
"""Leads that one message about many names."""


def plan_deliveries(url: str, day: date, run: Run) -> int:
    """Write down what is to be told of a day's leads and is not yet. Returns how many messages are new.

    Leads that a rule with notify_via took are told of in one message a rule and workspace, over all drops that were
    routed since somebody last looked: a file of ten thousand leads is one message.
    """
    with connect(url) as conn, conn.transaction():
        store.lock_planning(conn)
        planned = store.intend_enriched(conn, day, now=run.clock(), run_id=run.run_id)
        routed = store.take_routed(conn, day, most=NAMED, now=run.clock(), run_id=run.run_id)
        owners = sorted({one.destination_workspace_id for one in routed})
        receivers = receivers_of(conn, "routed_leads", owners) if owners else []
        intents = [
            Intent(
                kind="routed_leads",
                subject=f"drops/{one.first_drop}-{one.last_drop}/{one.rule_id}",
                workspace_id=receiver.workspace_id,
                destination_id=receiver.destination_id,
                channel=receiver.channel,
                context={
                    "rule": one.rule,
                    "count": one.count,
                    "drop_id": one.first_drop,
                    "last_drop_id": one.last_drop,
                    "lead_ids": one.lead_ids,
                },
            )
            for one in routed
            for receiver in receivers
            if receiver.workspace_id == one.destination_workspace_id and receiver.channel in one.channels
        ]
        return planned + intend(conn, intents, now=run.clock(), run_id=run.run_id)
