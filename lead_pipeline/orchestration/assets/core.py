"""Layer core: validated leads, refused rows, contacts and scores."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from dagster import AssetExecutionContext, AssetSpec, Config, MaterializeResult, asset, multi_asset
from pydantic import Field

from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.errors import SettingsError
from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import DAYS, day_of
from lead_pipeline.orchestration.policies import DAILY, DATA_TEAM, THREE_ATTEMPTS, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.decide_events import LEAD_SOURCES, decide_pending_events
from lead_pipeline.steps.decide_pending import score_pending
from lead_pipeline.steps.enrich import enrich_leads
from lead_pipeline.steps.import_csv import import_pending
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.settle_contacts import settle_contacts
from lead_pipeline.steps.validate_pages import validate_pages

_RAW = [
    "raw_datashopper_companies",
    "raw_audience_labs_leads",
    "raw_csv_uploads",
    "raw_webhook_drops",
    "raw_supplier_leads",
]
SOURCES = (*LEAD_SOURCES, "csv")


class Landed(Config):
    """What a run validates."""

    sources: list[str] = Field(default=[], description=f"Sources of drops, of {', '.join(SOURCES)}; empty: all.")


class Enriching(Config):
    """Whom a run asks Clay about."""

    retry_failed: bool = Field(default=True, description="Ask about leads again whose enrichment failed.")
    lead_id: str | None = Field(default=None, description="Ask about just this lead of the day, unless it is done.")


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
def validated_leads(context: AssetExecutionContext, config: Landed, pipeline: Pipeline) -> Iterator[MaterializeResult]:
    """Validate what is landed of a day: vendor pages, then events and files, whose leads are scored and routed on
    the way.
    """
    with permanent_errors_are_final():
        counts = _validate(pipeline, day := day_of(context.partition_key), Run(context.run_id), config.sources)
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


def _validate(pipeline: Pipeline, day: date, run: Run, sources: Sequence[str]) -> Accounting:
    unknown = sorted(set(sources) - set(SOURCES))
    if unknown:
        raise SettingsError(f"no source {', '.join(unknown)}. There are: {', '.join(SOURCES)}")
    wanted, workspace = sources or SOURCES, pipeline.settings.webhook_workspace
    counts = validate_pages(pipeline.url, day, sources=wanted, workspace=workspace)
    counts += decide_pending_events(pipeline.url, day, run, sources=wanted, workspace=workspace)
    if "csv" in wanted:
        counts += import_pending(pipeline.url, pipeline.settings.blobs, day, run)
    return counts


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
    deps=["validated_leads", "raw_webhook_drops"],
    group_name="core",
    kinds={"python", "postgres"},
    **DAILY,
    tags={"vendor": "clay"},
)
def clay_contacts(context: AssetExecutionContext, config: Enriching, pipeline: Pipeline) -> MaterializeResult:
    """At most five people at each company that DataShopper brought: sent by Clay's webhooks, or asked of it once a
    lead; skipped with a reason where there is no valid domain. Materialise the day again to retry the failed ones.
    """
    day, run, settings = day_of(context.partition_key), Run(context.run_id), pipeline.settings
    with permanent_errors_are_final():
        sent = settle_contacts(pipeline.url, day, run, workspace=settings.webhook_workspace)
        counts = enrich_leads(
            pipeline.url,
            pipeline.clay(),
            day,
            run,
            concurrency=settings.vendor_concurrency,
            retry_failed=config.retry_failed,
            lead_id=config.lead_id,
            mode=settings.clay_mode,
            answer_seconds=settings.clay_answer_seconds,
            progress=lambda done, of: context.log.info("asked Clay about %d of %d leads", done, of),
        )
    shown: dict[str, Any] = {**_prefixed("enrichment", counts), **_prefixed("webhooks", sent)}
    return MaterializeResult(metadata=table_metadata(pipeline.url, "core.lead_contacts", day, **shown))


def _prefixed(name: str, counts: dict[str, int]) -> dict[str, int]:
    return {f"{name}_{status}": number for status, number in counts.items()}
