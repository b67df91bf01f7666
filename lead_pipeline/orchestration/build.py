"""One way to the definitions, for production, the demo and the tests."""

from dagster import Definitions, in_process_executor

from lead_pipeline.orchestration.assets import core, marts, outbound, raw, routing
from lead_pipeline.orchestration.checks import CHECKS
from lead_pipeline.orchestration.jobs import JOBS
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.orchestration.schedules import SCHEDULES


def build_definitions() -> Definitions:
    """Every asset, check, job, schedule and resource. Reads no environment and contacts nobody.

    Steps of a run share one process: each is over in seconds, and a process a step costs five of them.
    """
    return Definitions(
        assets=[
            raw.raw_csv_uploads,
            raw.raw_datashopper_companies,
            core.validated_leads,
            core.intent_scores,
            core.clay_contacts,
            routing.routed_assignments,
            outbound.platform_uploads,
            marts.marts,
        ],
        asset_checks=CHECKS,
        jobs=JOBS,
        schedules=SCHEDULES,
        resources={"pipeline": Pipeline(), "dbt": marts.dbt_resource()},
        executor=in_process_executor,
    )
