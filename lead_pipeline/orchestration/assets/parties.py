"""Layer core: the persons behind the contacts of the CRM's leads, and what the CRM is told of them."""

from datetime import date, timedelta
from typing import Any

from dagster import AssetExecutionContext, Config, MaterializeResult, asset
from pydantic import Field

from lead_pipeline.errors import SettingsError, VendorRefused
from lead_pipeline.orchestration.metadata import table_metadata
from lead_pipeline.orchestration.partitions import day_of
from lead_pipeline.orchestration.policies import DAILY, permanent_errors_are_final
from lead_pipeline.orchestration.resources import Pipeline
from lead_pipeline.settings import Settings
from lead_pipeline.steps.crm_chain import Chain
from lead_pipeline.steps.enrich_parties import enrich_parties
from lead_pipeline.steps.run import Run
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


# Before the scores of a run, which are made with the leads and only looked at again: somebody waits for the message.
@asset(
    deps=["validated_leads", "raw_webhook_drops"],
    group_name="core",
    kinds={"python", "postgres"},
    **DAILY,
    op_tags={"dagster/priority": "1"},
)
def party_enrichments(context: AssetExecutionContext, config: Chaining, pipeline: Pipeline) -> MaterializeResult:
    """The persons behind the contacts of the CRM's leads: CPF by Diretrix, person by the Work API, both sealed, and one
    message to the CRM per change of contacts. Materialise the day again to retry those that nobody answered for.
    """
    day = day_of(context.partition_key)
    with permanent_errors_are_final():
        try:
            counts = _enrich(context, config, pipeline, day)
        except (VendorRefused, SettingsError) as error:
            if not config.along:
                raise
            context.log.warning("the parties of the day wait for a run of their own: %s", error)
            counts = {}
    shown: dict[str, Any] = {f"enrichments_{status}": number for status, number in counts.items()}
    return MaterializeResult(metadata=table_metadata(pipeline.url, "core.party_enrichments", day, **shown))


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
