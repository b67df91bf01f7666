"""The ledger's days sealed, the check that proves all of it again, and when both happen."""

from datetime import timedelta

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    AssetSelection,
    MaterializeResult,
    MetadataValue,
    asset,
    asset_check,
    define_asset_job,
)

from lead_pipeline.errors import LedgerBroken
from lead_pipeline.orchestration.cron import of_a_day
from lead_pipeline.orchestration.lanes import BACKGROUND, LANE
from lead_pipeline.orchestration.partitions import DAYS, day_of
from lead_pipeline.orchestration.policies import DAILY, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.seal_ledger import seal_days
from lead_pipeline.steps.verify_ledger import verify


@asset(deps=["campaign_assignments"], group_name="market", kinds={"python", "postgres"}, **DAILY)
def ledger_seals(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """Each UTC day of the ledger that has ended, sealed: a digest of its entries, chained to the day before. The
    digests are kept here too, in another database than the ledger's.
    """
    with permanent_errors_are_final():
        made = seal_days(pipeline.url, day_of(context.partition_key), context.log.info)
    return MaterializeResult(
        metadata={
            "dagster/table_name": "market.ledger_seals",
            "sealed_days": len(made),
            "entries": sum(seal.entries for seal in made),
            "digests": MetadataValue.json({str(seal.day): seal.digest.hex() for seal in made}),
        }
    )


@asset_check(asset=ledger_seals)
def ledger_is_whole(pipeline: Pipeline) -> AssetCheckResult:
    """Every entry sums to zero, balances are their postings, charges are assignments, seals are what was sealed."""
    try:
        proved = verify(pipeline.url)
    except LedgerBroken as broken:
        return AssetCheckResult(passed=False, severity=AssetCheckSeverity.ERROR, description=str(broken))
    return AssetCheckResult(
        passed=True,
        metadata={
            "entries": proved.entries,
            "postings": proved.postings,
            "sealed_days": proved.seals,
            "unsealed_entries": proved.unsealed,
            "digest": proved.digest.hex(),
        },
    )


ledger_seal = define_asset_job(
    "ledger_seal",
    AssetSelection.assets(ledger_seals),
    partitions_def=DAYS,
    tags={LANE: BACKGROUND},
    description="Seal the days of the ledger that have ended, then prove all of it again.",
)
ledger_seal_schedule = of_a_day(
    ledger_seal, "20 0 * * *", "Every day at 00:20 UTC, for the day that has ended.", ago=timedelta(days=1)
)

ASSETS = [ledger_seals]
CHECKS = [ledger_is_whole]
JOBS = [ledger_seal]
SCHEDULES = [ledger_seal_schedule]
