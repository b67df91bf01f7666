"""Layer routing: who gets each lead."""

from dagster import AssetExecutionContext, Config, MaterializeResult, asset
from pydantic import Field

from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import day_of
from lead_pipeline.orchestration.policies import DAILY, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.decide_pending import route_pending
from lead_pipeline.steps.distribute_waiting import distribute_waiting
from lead_pipeline.steps.run import Run


class Offering(Config):
    """Which leads a run offers."""

    again: bool = Field(
        default=False,
        description="Offer every lead again that nobody took in the last 24 hours, even where no wallet, campaign or "
        "buyer has changed since: hours and days turn too.",
    )


@asset(
    deps=["intent_scores"],
    group_name="routing",
    kinds={"python", "postgres"},
    **DAILY,
)
def routed_assignments(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """The workspace that each lead goes to, with the reason and the rule set version that decided."""
    day = day_of(context.partition_key)
    with permanent_errors_are_final():
        rows = route_pending(pipeline.url, day, Run(context.run_id))
    return MaterializeResult(metadata=table_metadata(pipeline.url, "core.lead_assignments", day, rows_written=rows))


@asset(
    deps=["validated_leads"],
    group_name="routing",
    kinds={"python", "postgres"},
    **DAILY,
)
def campaign_assignments(context: AssetExecutionContext, config: Offering, pipeline: Pipeline) -> MaterializeResult:
    """The buyers who get each lead of a campaign, charged in the same transaction; everybody considered is kept with
    why. A lead is decided as it comes in, by this very step: here are those that were not, and those that nobody took.
    """
    day = day_of(context.partition_key)
    with permanent_errors_are_final():
        counts = distribute_waiting(pipeline.url, Run(context.run_id), day=day, again=config.again)
    sold = {"sales": counts.pop("sales"), **{f"leads_{outcome}": count for outcome, count in counts.items()}}
    return MaterializeResult(metadata=table_metadata(pipeline.url, "core.assignment_candidates", day, **sold))
