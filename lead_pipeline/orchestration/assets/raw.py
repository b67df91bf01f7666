"""Layer raw: what arrived. Vendor pages are pulled here; what the intake service or the import landed is only shown."""

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetSpec,
    Config,
    MaterializeResult,
    asset,
)
from pydantic import Field

from lead_pipeline.errors import LeadPipelineError
from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import DAYS, day_of
from lead_pipeline.orchestration.policies import DAILY, DATA_TEAM, partly_failed, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.pull_companies import pull_companies
from lead_pipeline.steps.pull_imports import PulledImport, Pulling, pull_imports
from lead_pipeline.steps.run import Run

_ARRIVALS = {
    "raw_csv_uploads": (
        "csv",
        "CSV files that were landed whole, under their SHA-256: one drop a file, by `lead-pipeline import` or by an "
        "upload.",
    ),
    "raw_webhook_drops": (
        "json",
        "Signed webhooks of vendors, byte for byte as sent: one drop an event, by the intake service.",
    ),
    "raw_supplier_leads": ("json", "Leads that suppliers sent over the API, one drop a request, decided in it."),
}


def _arrival(name: str, kind: str, description: str) -> AssetSpec:
    """What others land, in partitions like everything else."""
    return AssetSpec(
        name,
        group_name="raw",
        description=description,
        owners=DATA_TEAM,
        kinds={kind, "postgres"},
        partitions_def=DAYS,
    )


EXTERNAL = [_arrival(name, *how) for name, how in _ARRIVALS.items()]


class Pull(Config):
    """What a run pulls."""

    query_id: str | None = Field(default=None, description="Pull just this active query.")


class Imports(Config):
    """What becomes of a run whose pull of imports failed."""

    must_succeed: bool = Field(
        default=False, description="Fail the run; else the check tells, and other vendors' leads go on."
    )


@asset(
    group_name="raw",
    kinds={"python", "postgres"},
    **DAILY,
    tags={"vendor": "datashopper"},
    check_specs=[
        AssetCheckSpec(
            "no_query_failed",
            asset="raw_datashopper_companies",
            description="Warns while a query's pull of the day is not whole. The others go on without it.",
        )
    ],
)
def raw_datashopper_companies(context: AssetExecutionContext, config: Pull, pipeline: Pipeline) -> MaterializeResult:
    """Pages of DataShopper's company search, exactly as answered: one drop a page, at most 50 companies a query
    and day, over re-runs too.
    """
    day, settings = day_of(context.partition_key), pipeline.settings
    with permanent_errors_are_final():
        pulled = pull_companies(
            pipeline.url,
            pipeline.datashopper(),
            day,
            Run(context.run_id),
            limit=settings.companies_per_query_per_day,
            concurrency=settings.vendor_concurrency,
            price=settings.datashopper_company_price,
            currency=settings.datashopper_currency,
            query_id=config.query_id,
            progress=lambda done: context.log.info("%s: %d companies", done.query.name, done.companies),
        )
    errors = {done.query.name: done.error for done in pulled if done.error is not None}
    failed = partly_failed(context, "queries", len(pulled), errors)
    return MaterializeResult(
        check_results=[_whole("no_query_failed", "queries", failed)],
        metadata=table_metadata(
            pipeline.url,
            "raw.drops",
            day,
            "datashopper",
            rows_written=sum(done.pages for done in pulled),
            companies=sum(done.companies for done in pulled),
            queries=len(pulled),
        ),
    )


@asset(
    group_name="raw",
    kinds={"python", "postgres"},
    **DAILY,
    tags={"vendor": "audience-labs"},
    check_specs=[
        AssetCheckSpec(
            "no_import_failed",
            asset="raw_audience_labs_leads",
            description="Warns while an import of the day is not pulled whole. The others go on without it.",
        )
    ],
)
def raw_audience_labs_leads(context: AssetExecutionContext, config: Imports, pipeline: Pipeline) -> MaterializeResult:
    """Pages of Audience Labs' bulk imports that were made on the day and are completed, exactly as answered: one
    drop a page, each pulled once, from where the last run stopped.
    """
    day, settings = day_of(context.partition_key), pipeline.settings
    pulled: list[PulledImport] = []
    errors: dict[str, LeadPipelineError] = {}
    try:
        pulled = pull_imports(
            pipeline.url,
            pipeline.audience_labs(),
            Pulling(day, Run(context.run_id), settings.webhook_workspace),
            concurrency=settings.vendor_concurrency,
            progress=lambda done: context.log.info("import %s: %d leads", done.import_id, done.leads),
        )
        errors = {done.import_id: done.error for done in pulled if done.error is not None}
    except LeadPipelineError as error:
        errors = {"the list of imports": error}
    failed = partly_failed(context, "imports", max(len(pulled), len(errors)), errors, ends_run=config.must_succeed)
    return MaterializeResult(
        check_results=[_whole("no_import_failed", "imports", failed)],
        metadata=table_metadata(
            pipeline.url,
            "raw.drops",
            day,
            "audience-labs",
            rows_written=sum(done.pages for done in pulled),
            leads=sum(done.leads for done in pulled),
            imports=len(pulled),
        ),
    )


def _whole(check: str, of: str, failed: dict[str, str]) -> AssetCheckResult:
    """Whether every part of a pull went through, as a warning that names those that did not."""
    return AssetCheckResult(
        check_name=check, passed=not failed, severity=AssetCheckSeverity.WARN, metadata={of: failed}
    )
