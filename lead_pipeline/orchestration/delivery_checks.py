"""What must hold of messages: each is accounted for, they arrive, and rules that want somebody told reach somebody."""

from datetime import UTC, datetime

from dagster import AssetCheckExecutionContext, AssetCheckResult, AssetCheckSeverity, asset_check

from lead_pipeline.orchestration.partitions import day_of_check
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.store import delivery_checks as store
from lead_pipeline.store.connections import connect

_NAMED = 20


@asset_check(asset="lead_deliveries")
def every_message_is_accounted_for(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """No message of the day is confirmed without its receiver's word, and none was sent after it was known to be
    there, unless somebody replayed it.
    """
    with connect(pipeline.url) as conn:
        wrong = store.wrong_deliveries(conn, day_of_check(context))
    return AssetCheckResult(passed=not wrong, metadata={"wrong": len(wrong), "messages": wrong[:_NAMED]})


@asset_check(asset="lead_deliveries")
def messages_arrive(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Warns while messages of the day were given up or are an hour late, or a destination is disabled."""
    day = day_of_check(context)
    with connect(pipeline.url) as conn:
        late = store.undelivered(conn, day, datetime.now(UTC))
        resent, disabled = store.resent_without_knowing(conn, day), store.disabled_destinations(conn)
    words = "see them: lead-pipeline deliveries list --state dead; once mended: lead-pipeline deliveries replay"
    return AssetCheckResult(
        passed=not late and not disabled,
        severity=AssetCheckSeverity.WARN,
        description=words if late or disabled else None,
        metadata={
            "undelivered": late[:_NAMED],
            "disabled_destinations": disabled[:_NAMED],
            "resent_without_knowing": resent,
        },
    )


@asset_check(asset="lead_deliveries")
def rules_that_notify_reach_somebody(pipeline: Pipeline) -> AssetCheckResult:
    """Warns while a rule's notify_via names a channel on which nobody of its destination wants to be told."""
    with connect(pipeline.url) as conn:
        unheard = store.unheard_rules(conn)
    return AssetCheckResult(passed=not unheard, severity=AssetCheckSeverity.WARN, metadata={"rules": unheard[:_NAMED]})


CHECKS = [every_message_is_accounted_for, messages_arrive, rules_that_notify_reach_somebody]
