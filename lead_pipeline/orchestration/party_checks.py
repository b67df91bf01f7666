"""What must hold of the CRM's parties and closed leads: that none is forgotten, that messages are not in doubt, that
most parties are found and that managers are told.
"""

from datetime import UTC, datetime, timedelta

from dagster import AssetCheckExecutionContext, AssetCheckResult, AssetCheckSeverity, asset_check

from lead_pipeline.orchestration.partitions import day_of_check
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.store.closings import forgotten_closings, unmanaged_closings
from lead_pipeline.store.connections import connect
from lead_pipeline.store.party_figures import LateParty, doubtful_messages, late_parties, outcomes

_NAMED = 20
_LATE = timedelta(minutes=15)
_LEAST_COUNTED = 20
_LEAST_SHARE = 0.8
_WARN = AssetCheckSeverity.WARN


@asset_check(asset="party_enrichments")
def no_party_enrichment_waits_too_long(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Warns while enrichments of the day wait for more than a quarter of an hour, and says what each waits for."""
    with connect(pipeline.url) as conn:
        late = late_parties(conn, day_of_check(context), datetime.now(UTC) - _LATE)
    shown = [_shown(one) for one in late[:_NAMED]]
    return AssetCheckResult(passed=not late, severity=_WARN, metadata={"waiting": len(late), "leads": shown})


@asset_check(asset="crm_messages")
def no_message_is_in_doubt(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Warns while it is not known, after a quarter of an hour, whether the CRM has a message. None is sent blindly."""
    with connect(pipeline.url) as conn:
        leads = doubtful_messages(conn, datetime.now(UTC) - _LATE)
    return AssetCheckResult(
        passed=not leads, severity=_WARN, metadata={"messages": len(leads), "leads": leads[:_NAMED]}
    )


@asset_check(asset="party_enrichments")
def most_parties_are_found(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Warns while fewer than 80 % of the day's enrichments that ended, of at least 20, completed; says what failed."""
    with connect(pipeline.url) as conn:
        ended = outcomes(conn, day_of_check(context))
    total = sum(ended.values())
    share = None if total == 0 else ended.get("completed", 0) / total
    return AssetCheckResult(
        passed=total < _LEAST_COUNTED or share is None or share >= _LEAST_SHARE,
        severity=_WARN,
        metadata={"ended": total, "completed_share": share, "outcomes": ended},
    )


@asset_check(asset="manager_notifications")
def closed_leads_are_told(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Warns while leads that were closed on the day have nobody to tell in a workspace with managers, or were not taken
    up within a quarter of an hour.
    """
    with connect(pipeline.url) as conn:
        untold = unmanaged_closings(conn, day_of_check(context))
        forgotten = forgotten_closings(conn, day_of_check(context), datetime.now(UTC) - _LATE)
    return AssetCheckResult(
        passed=not (untold or forgotten),
        severity=_WARN,
        metadata={
            "without_manager": len(untold),
            "leads": [f"{lead}: {outcome}" for lead, outcome in untold[:_NAMED]],
            "not_taken_up": len(forgotten),
            "drops": forgotten[:_NAMED],
        },
    )


def _shown(one: LateParty) -> dict[str, str]:
    return {
        "lead": one.crm_lead_id,
        "since": f"{one.requested_at:%Y-%m-%d %H:%M:%S}",
        "reason": one.reason or "not begun",
    }


CHECKS = [
    no_party_enrichment_waits_too_long,
    no_message_is_in_doubt,
    most_parties_are_found,
    closed_leads_are_told,
]
