"""Layer market: cards charged where no service does so at once, and again after they were declined."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from lead_pipeline.orchestration.policies import DATA_TEAM, THREE_ATTEMPTS, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.distribute_waiting import distribute_waiting
from lead_pipeline.steps.recharge import charge_due, request_due
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.stripe_events import apply_events
from lead_pipeline.store.connections import connect
from lead_pipeline.store.stripe_drops import waiting_events


@asset(
    deps=["campaign_assignments", "raw_webhook_drops"],
    group_name="market",
    kinds={"python", "postgres", "stripe"},
    owners=DATA_TEAM,
    retry_policy=THREE_ATTEMPTS,
)
def card_recharges(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """Charges of cards: recharges of wallets that run low, declined cards whose time has come, and payments that were
    left open; each charge once. Events of Stripe that wait are applied. Leads that waited for the money are decided.
    """
    from lead_pipeline.vendors.stripe_api import StripeApi  # noqa: PLC0415 - no other run needs Stripe's client

    settings, run = pipeline.settings, Run(context.run_id)
    with permanent_errors_are_final(), StripeApi(*settings.stripe, timeout=settings.vendor_timeout_seconds) as stripe:
        with connect(pipeline.url, autocommit=True) as conn:
            applied = apply_events(conn, waiting_events(conn, landed_by=run.clock()), run)
        asked = request_due(lambda: connect(pipeline.url, autocommit=True), run)
        charged = charge_due(lambda: connect(pipeline.url, autocommit=True), stripe, run)
        if charged["succeeded"] or applied["applied"]:
            distribute_waiting(pipeline.url, run)
    return MaterializeResult(
        metadata={
            "dagster/table_name": "market.payments",
            "recharges_asked_for": asked,
            **{f"payments_{state}": charged[state] for state in ("succeeded", "failed", "unknown")},
            "events_applied": applied["applied"],
            "events_kept": applied["kept"],
        }
    )
