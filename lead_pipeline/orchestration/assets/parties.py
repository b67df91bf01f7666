"""Layers core and outbound: the persons behind the contacts of the CRM's leads, what the CRM is told of them, and
which managers are told that a lead was closed. One step makes all three.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from dagster import AssetExecutionContext, AssetSpec, Config, MaterializeResult, multi_asset
from pydantic import Field

from lead_pipeline.errors import SettingsError, VendorRefused
from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import DAYS, day_of
from lead_pipeline.orchestration.policies import DATA_TEAM, THREE_ATTEMPTS, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.settings import Settings
from lead_pipeline.steps.crm_chain import Chain
from lead_pipeline.steps.enrich_parties import enrich_parties
from lead_pipeline.steps.run import Run
from lead_pipeline.store.closings import closing_counts
from lead_pipeline.store.connections import connect
from lead_pipeline.store.crm_messages import message_counts
from lead_pipeline.store.sealed import seal_of
from lead_pipeline.vendors.accounts import accounts

_LONGEST_ALONG = 30.0  # seconds that a run which others wait for waits for the CRM's limit of calls
_SETTLES = timedelta(minutes=1)


class Chaining(Config):
    """Which parties a run enriches."""

    retry_failed: bool = Field(default=True, description="Look those up again that failed because nobody answered.")
    along: bool = Field(
        default=False,
        description="The run is about leads that have just landed: leave parties to a run of their own where more are "
        "due than the CRM takes messages in half a minute, and where a vendor refuses the key.",
    )


@multi_asset(
    name="party_enrichments",
    specs=[
        AssetSpec(
            "party_enrichments",
            deps=["validated_leads", "raw_webhook_drops"],
            group_name="core",
            owners=DATA_TEAM,
            kinds={"python", "postgres"},
            description="The persons behind the contacts of the CRM's leads: CPF by Diretrix, person by the Work API, "
            "both sealed. Materialise the day again to retry those that nobody answered for.",
        ),
        AssetSpec(
            "crm_messages",
            deps=["party_enrichments"],
            group_name="outbound",
            owners=DATA_TEAM,
            kinds={"python", "postgres"},
            description="One message to the CRM per change of a lead's contacts: written down before it is sent, asked "
            "about before it is ever sent again.",
        ),
        AssetSpec(
            "manager_notifications",
            deps=["raw_webhook_drops"],
            group_name="outbound",
            owners=DATA_TEAM,
            kinds={"python", "postgres"},
            description="What became of each closed lead of the CRM: its realtor's managers are told once, by messages "
            "that are sent as every other delivery is.",
        ),
    ],
    partitions_def=DAYS,
    retry_policy=THREE_ATTEMPTS,
    # Before the scores of a run, which are made with the leads and only looked at again: somebody waits.
    op_tags={"dagster/priority": "1"},
)
def party_enrichments(
    context: AssetExecutionContext, config: Chaining, pipeline: Pipeline
) -> Iterator[MaterializeResult]:
    """Enrich the parties of a day's events, tell the CRM, write down what managers are told."""
    url, day = pipeline.url, day_of(context.partition_key)
    with permanent_errors_are_final():
        try:
            counts = _enrich(context, config, pipeline, day)
        except (VendorRefused, SettingsError) as error:
            if not config.along:
                raise
            context.log.warning("the parties of the day wait for a run of their own: %s", error)
            counts = {}
    with connect(url, autocommit=True) as conn:
        messages, closings = message_counts(conn, day), closing_counts(conn, day)
    for table, prefix, numbers in (
        ("core.party_enrichments", "enrichments", counts),
        ("outbound.crm_messages", "messages", messages),
        ("outbound.manager_notifications", "closings", closings),
    ):
        shown = {f"{prefix}_{state}": number for state, number in numbers.items()}
        yield MaterializeResult(asset_key=table.partition(".")[2], metadata=table_metadata(url, table, day, **shown))


def few(settings: Settings) -> int:
    """How many messages the CRM takes before a run has waited for as long as it may."""
    account = accounts(settings)["c2s"]
    return account.burst + int(account.per_second * _LONGEST_ALONG)


def _enrich(context: AssetExecutionContext, config: Chaining, pipeline: Pipeline, day: date) -> dict[str, int]:
    return enrich_parties(
        pipeline.url,
        _chain(pipeline),
        day,
        Run(context.run_id),
        concurrency=pipeline.settings.vendor_concurrency,
        retry_failed=config.retry_failed,
        most=few(pipeline.settings) if config.along else None,
        say=context.log.info,
    )


def _chain(pipeline: Pipeline) -> Chain:
    settings, keys = pipeline.settings, pipeline.settings.personal_data_keys
    return Chain(
        diretrix=pipeline.diretrix(),
        work_api=pipeline.work_api(),
        crm=pipeline.contact2sale(),
        seal=seal_of(
            None if keys is None else keys.get_secret_value(), settings.var_dir, uses_sandbox=settings.uses_sandbox
        ),
        off=settings.skipped_validations,
        settles_after=max(_SETTLES, timedelta(seconds=2 * settings.vendor_timeout_seconds)),
    )
