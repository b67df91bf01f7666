"""Layer core: validated leads, refused rows, contacts and scores."""

from collections.abc import Iterator

from dagster import AssetExecutionContext, AssetSpec, MaterializeResult, asset, multi_asset

from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import DAYS, day_of
from lead_pipeline.orchestration.policies import DAILY, DATA_TEAM, THREE_ATTEMPTS, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.decide_pending import score_pending
from lead_pipeline.steps.enrich import enrich_leads
from lead_pipeline.steps.import_csv import import_pending
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.validate_pages import validate_pages

_RAW = ["raw_datashopper_companies", "raw_csv_uploads"]


@multi_asset(
    name="validated_leads",
    specs=[
        AssetSpec(
            "validated_leads",
            deps=_RAW,
            group_name="core",
            owners=DATA_TEAM,
            kinds={"pandas", "pandera", "postgres"},
            description="Leads that passed their contract, one row a lead and workspace: normalised, identified by "
            "fingerprint, never updated. A later arrival of a known lead becomes a sighting.",
        ),
        AssetSpec(
            "quarantined_rows",
            deps=_RAW,
            group_name="core",
            owners=DATA_TEAM,
            kinds={"pandera", "postgres"},
            description="Rows that failed their contract, kept whole with every reason, waiting to be repaired.",
        ),
    ],
    partitions_def=DAYS,
    retry_policy=THREE_ATTEMPTS,
)
def validated_leads(context: AssetExecutionContext, pipeline: Pipeline) -> Iterator[MaterializeResult]:
    """Validate what is landed of a day: vendor pages, then files (whose leads are scored and routed on the way)."""
    day = day_of(context.partition_key)
    with permanent_errors_are_final():
        counts = validate_pages(pipeline.url, day)
        counts += import_pending(pipeline.url, pipeline.settings.blobs, day, Run(context.run_id))
    yield MaterializeResult(
        asset_key="validated_leads",
        metadata=table_metadata(
            pipeline.url,
            "core.leads",
            day,
            rows_written=counts.accepted,
            received=counts.received,
            duplicate=counts.duplicate,
        ),
    )
    yield MaterializeResult(
        asset_key="quarantined_rows",
        metadata=table_metadata(pipeline.url, "core.quarantined_rows", day, rows_written=counts.quarantined),
    )


@asset(
    deps=["validated_leads"],
    group_name="core",
    kinds={"python", "postgres"},
    **DAILY,
)
def intent_scores(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """The intent band of each lead, hot, warm or cold, with counts by strength and the signals that decided."""
    day = day_of(context.partition_key)
    with permanent_errors_are_final():
        rows = score_pending(pipeline.url, day, Run(context.run_id))
    return MaterializeResult(metadata=table_metadata(pipeline.url, "core.intent_scores", day, rows_written=rows))


@asset(
    deps=["validated_leads"],
    group_name="core",
    kinds={"python", "postgres"},
    **DAILY,
    tags={"vendor": "clay"},
)
def clay_contacts(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """At most five people at each pulled lead's company, asked of Clay once a lead; skipped with a reason where
    there is no valid domain. Materialise the day again to retry the ones that failed.
    """
    day = day_of(context.partition_key)
    with permanent_errors_are_final():
        counts = enrich_leads(
            pipeline.url,
            pipeline.clay(),
            day,
            Run(context.run_id),
            concurrency=pipeline.settings.vendor_concurrency,
            progress=lambda done, of: context.log.info("asked Clay about %d of %d leads", done, of),
        )
    return MaterializeResult(metadata=table_metadata(pipeline.url, "core.lead_contacts", day, **_prefixed(counts)))


def _prefixed(counts: dict[str, int]) -> dict[str, int]:
    return {f"enrichment_{status}": number for status, number in counts.items()}
