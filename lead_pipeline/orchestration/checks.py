"""What must hold of a day once an asset is materialised. Each check names the offenders. dbt has its own tests."""

from dagster import AssetCheckExecutionContext, AssetCheckResult, AssetCheckSeverity, asset_check

from lead_pipeline.orchestration.partitions import day_of_check
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.recompute_routing import recompute_routing
from lead_pipeline.store import day_checks
from lead_pipeline.store.connections import connect
from lead_pipeline.store.enrichments import enrichment_counts

_NAMED = 20


@asset_check(asset="validated_leads", blocking=True)
def every_row_is_accounted_for(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """received = accepted + duplicate + quarantined for each drop, and each is a row that can be found."""
    with connect(pipeline.url) as conn:
        wrong = day_checks.unaccounted_drops(conn, day_of_check(context))
    return AssetCheckResult(passed=wrong.empty, metadata={"drops": wrong.head(_NAMED).to_dict("records")})


@asset_check(asset="validated_leads")
def no_file_failed(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Warns while a file of the day could not be read to its end. What it is about stands in its job's error log."""
    with connect(pipeline.url) as conn:
        failed = day_checks.failed_files(conn, day_of_check(context))
    files = failed.head(_NAMED).to_dict("records")
    return AssetCheckResult(passed=failed.empty, severity=AssetCheckSeverity.WARN, metadata={"files": files})


@asset_check(asset="intent_scores", blocking=True)
def every_lead_has_a_score(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """No lead of a scored drop is without its band."""
    with connect(pipeline.url) as conn:
        missing = day_checks.undecided_leads(conn, day_of_check(context), "core.intent_scores")
    return AssetCheckResult(passed=missing == 0, metadata={"leads_without_score": missing})


@asset_check(asset="routed_assignments")
def every_lead_has_an_owner(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """No lead of a routed drop is without its assignment."""
    with connect(pipeline.url) as conn:
        missing = day_checks.undecided_leads(conn, day_of_check(context), "core.lead_assignments")
    return AssetCheckResult(passed=missing == 0, metadata={"leads_without_owner": missing})


@asset_check(asset="routed_assignments")
def routing_can_be_recomputed(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """A sample decided again, by the rules of the version that each assignment names, gives the stored winners."""
    sampled, wrong = recompute_routing(pipeline.url, day_of_check(context))
    return AssetCheckResult(
        passed=wrong.empty, metadata={"sampled": sampled, "otherwise": wrong["lead_id"].head(_NAMED).tolist()}
    )


@asset_check(asset="clay_contacts")
def no_company_has_more_than_five_contacts(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """At most five contacts a lead, and none for a lead whose enrichment did not complete."""
    with connect(pipeline.url) as conn:
        crowded = day_checks.crowded_leads(conn, day_of_check(context))
    return AssetCheckResult(passed=crowded == 0, metadata={"leads": crowded})


@asset_check(asset="clay_contacts")
def no_enrichment_failed(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Warns while leads wait for Clay to answer; materialising the day again asks about just those."""
    with connect(pipeline.url) as conn:
        failed = enrichment_counts(conn, "clay", day_of_check(context)).get("failed", 0)
    return AssetCheckResult(passed=failed == 0, severity=AssetCheckSeverity.WARN, metadata={"leads": failed})


@asset_check(asset="platform_uploads")
def uploads_are_right_and_billed_once(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Only hot and warm leads leave, each confirmed one with its billing event, none forgotten in a closed batch."""
    with connect(pipeline.url) as conn:
        wrong = day_checks.wrong_uploads(conn, day_of_check(context))
    return AssetCheckResult(passed=wrong.empty, metadata={"uploads": wrong.head(_NAMED).to_dict("records")})


CHECKS = [
    every_row_is_accounted_for,
    no_file_failed,
    every_lead_has_a_score,
    every_lead_has_an_owner,
    routing_can_be_recomputed,
    no_company_has_more_than_five_contacts,
    no_enrichment_failed,
    uploads_are_right_and_billed_once,
]
