"""What must hold of a day's sales: that kept candidates give the buyers, and that each was charged what was said."""

from dagster import AssetCheckExecutionContext, AssetCheckResult, asset_check

from lead_pipeline.orchestration.partitions import day_of_check
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.check_distribution import replay_candidates, uncharged_sales

_NAMED = 20


@asset_check(asset="campaign_assignments")
def candidates_replay(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Every decision of the day, live or in a batch, comes out the same from its own candidates."""
    replayed, wrong = replay_candidates(pipeline.url, day_of_check(context))
    return AssetCheckResult(passed=not wrong, metadata={"replayed": replayed, "otherwise": wrong[:_NAMED]})


@asset_check(asset="campaign_assignments")
def charges_are_assignments(context: AssetCheckExecutionContext, pipeline: Pipeline) -> AssetCheckResult:
    """Each sale of the day has one charge of its price, and each charge its sale."""
    wrong = uncharged_sales(pipeline.url, day_of_check(context))
    return AssetCheckResult(
        passed=wrong.empty, metadata={"wrong": len(wrong), "leads": wrong["lead_id"].head(_NAMED).tolist()}
    )


CHECKS = [candidates_replay, charges_are_assignments]
