"""When cards are charged by a run: the job, its hours, and the sensor for what no service came to. Charges none."""

from datetime import UTC, datetime, timedelta

import psycopg
from dagster import (
    AssetSelection,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SkipReason,
    define_asset_job,
    sensor,
)
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from lead_pipeline.errors import TransientError
from lead_pipeline.orchestration.cron import regular
from lead_pipeline.orchestration.lanes import INTAKE, LANE
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.store.connections import connect
from lead_pipeline.store.payments import due_payments
from lead_pipeline.store.stripe_drops import waiting_events

GRACE = timedelta(seconds=30)
"""A service that runs has charged a card, and applied an event, long before."""

card_charges = define_asset_job(
    "card_charges",
    AssetSelection.assets("card_recharges"),
    tags={LANE: INTAKE},
    description="Charge cards of wallets that run low, try declined ones again whose time has come, and settle what is "
    "left open at Stripe.",
)
card_charges_schedule = regular(
    card_charges, "*/15 * * * *", "Every 15 minutes: a declined card is tried again after 1, 6 and 24 hours."
)


@sensor(job=card_charges, minimum_interval_seconds=15, default_status=DefaultSensorStatus.RUNNING)
def payments_to_settle(context: SensorEvaluationContext, pipeline: Pipeline) -> RunRequest | SkipReason:
    """Payments that are intended or unknown, and events of Stripe that wait, where no service has come to them."""
    now = datetime.now(UTC)
    try:
        with connect(pipeline.url, autocommit=True) as conn:
            payments = len(due_payments(conn, now, older_than=now - GRACE))
            events = len(waiting_events(conn, landed_by=now - GRACE))
    except (TransientError, psycopg.OperationalError) as error:
        return SkipReason(f"it could not be read what waits, the next tick reads again: {error}")
    if not payments and not events:
        return SkipReason("nothing waits")
    running = context.instance.get_runs(
        RunsFilter(job_name=card_charges.name, statuses=list(NOT_FINISHED_STATUSES)), limit=1
    )
    if running:
        return SkipReason(f"run {running[0].run_id[:8]} is about to take it up")
    return RunRequest(tags={"lead_pipeline/count": str(payments + events)})


JOBS, SCHEDULES, SENSORS = [card_charges], [card_charges_schedule], [payments_to_settle]
