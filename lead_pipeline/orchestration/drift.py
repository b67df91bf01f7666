"""The drift watch: profiles of what vendors sent, the check that holds them against the days before, and its hours."""

from datetime import timedelta

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    AssetSelection,
    MaterializeResult,
    MetadataValue,
    TableColumn,
    TableRecord,
    TableSchema,
    asset,
    asset_check,
    define_asset_job,
)

from lead_pipeline.domain.drift import Finding
from lead_pipeline.orchestration.cron import of_a_day
from lead_pipeline.orchestration.lanes import BACKGROUND, LANE
from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import DAYS, day_of, day_of_check
from lead_pipeline.orchestration.policies import DAILY, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.find_drift import Drifts, find_drift
from lead_pipeline.steps.profile_payloads import profile_payloads

_COLUMNS = TableSchema(
    [
        TableColumn("source"),
        TableColumn("event", description="Event, or the kind of the drop."),
        TableColumn("field", description="Path in the payload."),
        TableColumn("kind", description="What is wrong with it."),
        TableColumn("expected", description="As it was on the 28 days before."),
        TableColumn("observed", description="As it is."),
        TableColumn("since", description="First of the days on which it was found without a break."),
        TableColumn("evidence", description="How likely chance alone is, and of how many payloads."),
    ]
)


@asset(
    deps=["raw_webhook_drops", "raw_datashopper_companies", "raw_audience_labs_leads"],
    group_name="raw",
    kinds={"python", "postgres"},
    **DAILY,
)
def vendor_field_profiles(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """What each field of vendors' payloads looks like on a day: how often it is there and null, its types, lengths,
    magnitudes, shapes and, of categories, its values. Each drop is counted once; no personal data is kept.
    """
    day = day_of(context.partition_key)
    with permanent_errors_are_final():
        done = profile_payloads(pipeline.url, day, lambda so_far: context.log.info("%d drops", so_far.drops))
    return MaterializeResult(
        metadata=table_metadata(
            pipeline.url, "raw.field_profiles", day, profiled_drops=done.drops, unreadable_drops=done.unreadable
        )
    )


@asset_check(asset=vendor_field_profiles)
def no_payload_has_drifted(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Warns while a field of what a vendor sends is not what it was on the 28 days before, and names it."""
    drifts = find_drift(pipeline.url, day_of_check(context))
    return AssetCheckResult(
        passed=not drifts.findings,
        severity=AssetCheckSeverity.WARN,
        description=_words(drifts),
        metadata={
            "findings": MetadataValue.table(records=[_record(one) for one in drifts.findings], schema=_COLUMNS),
            "events_judged": drifts.judged,
            "events_not_judged": {"/".join(event): reason for event, reason in drifts.unjudged.items()},
        },
    )


def _words(drifts: Drifts) -> str | None:
    if not drifts.findings:
        return None
    places = sorted({f"{one.source}/{one.event_type} {one.field} ({one.kind})" for one in drifts.findings})
    return f"{'; '.join(places[:5])}{' ...' if len(places) > 5 else ''}. See all: lead-pipeline drift"


def _record(one: Finding) -> TableRecord:
    return TableRecord(
        {
            "source": one.source,
            "event": one.event_type,
            "field": one.field,
            "kind": one.kind,
            "expected": one.expected,
            "observed": one.observed,
            "since": one.since.isoformat(),
            "evidence": one.evidence,
        }
    )


vendor_drift = define_asset_job(
    "vendor_drift",
    AssetSelection.assets(vendor_field_profiles),
    partitions_def=DAYS,
    tags={LANE: BACKGROUND},
    description="Profile what vendors sent on a day, and warn of fields that are not what they were.",
)
vendor_drift_schedule = of_a_day(
    vendor_drift,
    "15 * * * *",
    "A quarter past every hour, for the day that it was an hour ago: so every day is seen to its end.",
    ago=timedelta(hours=1),
    is_hourly=True,
)

ASSETS = [vendor_field_profiles]
CHECKS = [no_payload_has_drifted]
JOBS = [vendor_drift]
SCHEDULES = [vendor_drift_schedule]
