"""One way to the definitions, for production, the demo and the tests.

They are one graph in two parts, which Dagster loads apart: dbt takes seconds to import, and every run of a part
imports all of it. A lead that has just landed should not wait for dbt.
"""

from typing import Any

from dagster import Definitions, in_process_executor

from lead_pipeline.orchestration import (
    alerts,
    checks,
    delivery_checks,
    drift,
    jobs,
    ledger,
    market_checks,
    party_checks,
    periods,
    periods_due,
    quarantine_checks,
    recharges,
    retention,
    schedules,
    sensors,
    vendor_checks,
)
from lead_pipeline.orchestration.assets import core, mail_domains, market, outbound, parties, raw, routing
from lead_pipeline.orchestration.resources import Pipeline

# Steps of a run share one process: each is over in seconds, and a process a step costs five of them.
_EXECUTOR = in_process_executor


def build_definitions() -> Definitions:
    """Every asset, check, job, schedule, sensor and resource. Reads no environment and contacts nobody."""
    return _definitions(_pipeline(), _marts())


def build_pipeline() -> Definitions:
    """The part that leads take their way through, from raw to outbound. Knows no dbt."""
    return _definitions(_pipeline())


def build_marts() -> Definitions:
    """The part that dbt builds: staging and marts."""
    return _definitions(_marts())


def _pipeline() -> dict[str, list[Any]]:
    return {
        "assets": [
            *raw.EXTERNAL,
            raw.raw_datashopper_companies,
            raw.raw_audience_labs_leads,
            *drift.ASSETS,
            *ledger.ASSETS,
            *periods.ASSETS,
            core.validated_leads,
            core.intent_scores,
            core.clay_contacts,
            parties.party_enrichments,
            mail_domains.mail_domains,
            routing.routed_assignments,
            routing.campaign_assignments,
            market.card_recharges,
            outbound.platform_uploads,
            outbound.lead_deliveries,
        ],
        "asset_checks": [
            *checks.CHECKS,
            *quarantine_checks.CHECKS,
            *vendor_checks.CHECKS,
            *party_checks.CHECKS,
            *market_checks.CHECKS,
            *delivery_checks.CHECKS,
            *drift.CHECKS,
            *ledger.CHECKS,
            *periods.CHECKS,
            *alerts.CHECKS,
        ],
        "jobs": [*jobs.JOBS, *drift.JOBS, *ledger.JOBS, *recharges.JOBS, *retention.JOBS, *periods.JOBS],
        "schedules": [
            *schedules.SCHEDULES,
            *drift.SCHEDULES,
            *ledger.SCHEDULES,
            *recharges.SCHEDULES,
            *retention.SCHEDULES,
            *periods.SCHEDULES,
        ],
        "sensors": [*sensors.SENSORS, *recharges.SENSORS, *alerts.SENSORS, *periods_due.SENSORS],
        "resources": [("pipeline", Pipeline())],
    }


def _marts() -> dict[str, list[Any]]:
    from lead_pipeline.orchestration.assets import marts  # noqa: PLC0415 - the other part does without dbt

    return {
        "assets": [marts.marts],
        "jobs": jobs.MARTS_JOBS,
        "schedules": schedules.MARTS_SCHEDULES,
        "resources": [("pipeline", Pipeline()), ("dbt", marts.dbt_resource())],
    }


def _definitions(*parts: dict[str, list[Any]]) -> Definitions:
    def all_of(noun: str) -> list[Any]:
        return [one for part in parts for one in part.get(noun, [])]

    return Definitions(
        assets=all_of("assets"),
        asset_checks=all_of("asset_checks"),
        jobs=all_of("jobs"),
        schedules=all_of("schedules"),
        sensors=all_of("sensors"),
        resources=dict(all_of("resources")),
        executor=_EXECUTOR,
    )
