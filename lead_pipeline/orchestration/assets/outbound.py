"""Layer outbound: what leaves."""

from dagster import AssetExecutionContext, Config, MaterializeResult, MetadataValue, asset
from pydantic import Field

from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import day_of
from lead_pipeline.orchestration.policies import DAILY, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.steps.keep_sending import keep_sending
from lead_pipeline.steps.plan_uploads import plan_uploads
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.upload_leads import upload_leads
from lead_pipeline.store.connections import connect
from lead_pipeline.store.deliveries import state_counts, waiting_reasons


class Telling(Config):
    """How long a run looks for more to send."""

    linger_seconds: float = Field(
        default=0.0, ge=0, le=300, description="Seconds in which messages that come meanwhile are sent by this run too."
    )


@asset(
    deps=["intent_scores", "clay_contacts"],
    group_name="outbound",
    kinds={"python", "postgres"},
    **DAILY,
)
def platform_uploads(context: AssetExecutionContext, pipeline: Pipeline) -> MaterializeResult:
    """Hot and warm leads on the platform of their industry: written down before they are sent, never sent twice.
    Cold leads stay here.
    """
    day, run = day_of(context.partition_key), Run(context.run_id)
    with permanent_errors_are_final():
        planned = plan_uploads(pipeline.url, day, run)
        uploaded = upload_leads(pipeline.url, pipeline.platform, day, run, pipeline.credentials)
    for reason in uploaded.waiting:
        context.log.warning("a batch still waits: %s", reason)
    return MaterializeResult(
        metadata=table_metadata(
            pipeline.url,
            "outbound.platform_uploads",
            day,
            rows_written=planned,
            still_waiting=len(uploaded.waiting),
            uploads_by_provider=MetadataValue.json(uploaded.by_provider),
            **{f"uploads_{status}": count for status, count in uploaded.counts.items()},
        )
    )


@asset(
    deps=["clay_contacts", "routed_assignments", "campaign_assignments", "card_recharges", "daily_summaries"],
    group_name="outbound",
    kinds={"python", "postgres"},
    **DAILY,
)
def lead_deliveries(context: AssetExecutionContext, config: Telling, pipeline: Pipeline) -> MaterializeResult:
    """Messages about leads, sales, wallets and closings, by e-mail, SMS, Slack and signed webhook: written down by what
    decides them, each attempt before it is made, never twice where the receiver can tell. Whatever is due is sent, of
    any day; one receiver that is slow or gone holds up no other.
    """
    day, run = day_of(context.partition_key), Run(context.run_id)
    with permanent_errors_are_final():
        sent = keep_sending(pipeline.url, pipeline.outside(), day, run, linger=config.linger_seconds)
    with connect(pipeline.url, autocommit=True) as conn:
        counts, waiting = state_counts(conn, day), waiting_reasons(conn, day)
    for channel, reason, count in waiting:
        context.log.info("%d messages by %s wait: %s", count, channel, reason)
    return MaterializeResult(
        metadata=table_metadata(
            pipeline.url,
            "outbound.deliveries",
            day,
            rows_written=sent.planned,
            attempts=MetadataValue.json(dict(sent.outcomes)),
            lanes_busy=len(sent.busy),
            lanes_left=len(sent.stopped),
            **{f"deliveries_{state}": count for state, count in counts.items()},
        )
    )
