"""Layer raw: what arrived. Vendor pages are pulled here; what the intake service or the import landed is only shown."""

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetSpec,
    Config,
    Failure,
    MaterializeResult,
    asset,
)
from pydantic import Field

from lead_pipeline.errors import TransientError
from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import DAYS, day_of
from lead_pipeline.orchestration.policies import DAILY, DATA_TEAM, THREE_ATTEMPTS, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.pull_companies import Pulled, pull_companies
from lead_pipeline.steps.run import Run

raw_csv_uploads = AssetSpec(
    "raw_csv_uploads",
    group_name="raw",
    description="CSV files that were landed whole, under their SHA-256: one drop a file, by `lead-pipeline import` "
    "or by an upload.",
    owners=DATA_TEAM,
    kinds={"csv", "postgres"},
    partitions_def=DAYS,
)
raw_webhook_drops = AssetSpec(
    "raw_webhook_drops",
    group_name="raw",
    description="Signed webhooks of vendors, byte for byte as sent: one drop an event, by the intake service.",
    owners=DATA_TEAM,
    kinds={"json", "postgres"},
    partitions_def=DAYS,
)
raw_supplier_leads = AssetSpec(
    "raw_supplier_leads",
    group_name="raw",
    description="Leads that suppliers sent over the API, one drop a request, decided in it.",
    owners=DATA_TEAM,
    kinds={"json", "postgres"},
    partitions_def=DAYS,
)
EXTERNAL = [raw_csv_uploads, raw_webhook_drops, raw_supplier_leads]


class Pull(Config):
    """What a run pulls."""

    query_id: str | None = Field(default=None, description="Pull just this active query.")


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
            query_id=config.query_id,
            progress=lambda done: context.log.info("%s: %d companies", done.query.name, done.companies),
        )
    failed = _failed(pulled, is_last=context.retry_number == THREE_ATTEMPTS.max_retries)
    return MaterializeResult(
        check_results=[
            AssetCheckResult(
                check_name="no_query_failed",
                passed=not failed,
                severity=AssetCheckSeverity.WARN,
                metadata={"queries": failed},
            )
        ],
        metadata=table_metadata(
            pipeline.url,
            "raw.drops",
            day,
            rows_written=sum(done.pages for done in pulled),
            companies=sum(done.companies for done in pulled),
            queries=len(pulled),
        ),
    )


def _failed(pulled: list[Pulled], *, is_last: bool) -> dict[str, str]:
    """Names of the queries that failed, with why. Raises where another attempt may help, or where all of them did.

    After the last attempt the queries that went through go on: the ones that did not are shown by the check.
    """
    failed = {done.query.name: str(done.error) for done in pulled if done.error is not None}
    words = "; ".join(f"{name}: {error}" for name, error in failed.items())
    what = f"{len(failed)} of {len(pulled)} queries failed; what the others brought is landed. {words}"
    has_all_failed = bool(failed) and len(failed) == len(pulled)
    if any(isinstance(done.error, TransientError) for done in pulled) and (has_all_failed or not is_last):
        raise TransientError(what)
    if has_all_failed:
        raise Failure(what, allow_retries=False)
    return failed
