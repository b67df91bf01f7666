"""Jobs by the names that users know: selections of the one graph, and the lane of each."""

from collections.abc import Sequence

from dagster import AssetSelection, RunConfig, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from lead_pipeline.orchestration.assets.core import Landed
from lead_pipeline.orchestration.assets.parties import Chaining
from lead_pipeline.orchestration.assets.raw import Imports
from lead_pipeline.orchestration.lanes import BACKGROUND, INTAKE, LANE
from lead_pipeline.orchestration.partitions import DAYS

_CORE = ["validated_leads", "quarantined_rows", "intent_scores", "routed_assignments"]
_CRM = ["party_enrichments", "crm_messages", "manager_notifications"]  # one step
_LEAVES = ["platform_uploads", "lead_deliveries"]
_BACKGROUND = {LANE: BACKGROUND}


def _of_a_day(
    name: str, assets: Sequence[str], description: str, config: RunConfig | None = None
) -> UnresolvedAssetJobDefinition:
    """A job in the background over some assets of a day."""
    return define_asset_job(
        name,
        AssetSelection.assets(*assets),
        config=config,
        partitions_def=DAYS,
        tags=_BACKGROUND,
        description=description,
    )


def _landed(name: str, sources: Sequence[str], description: str, lane: str = INTAKE) -> UnresolvedAssetJobDefinition:
    """A job over what is landed of some sources. Events are scored and routed in its first step."""
    return define_asset_job(
        name,
        AssetSelection.assets(*_CORE),
        config=RunConfig(ops={"validated_leads": Landed(sources=list(sources))}),
        partitions_def=DAYS,
        tags={LANE: lane, **({"dagster/priority": "1"} if lane == INTAKE else {})},
        description=description,
    )


daily_lead_generation = _of_a_day(
    "daily_lead_generation",
    ["raw_datashopper_companies", "raw_audience_labs_leads", *_CORE, "clay_contacts", *_LEAVES],
    "A day from the vendors to the platforms: pull companies and imports, validate, score, route, enrich, upload, and "
    "tell of it.",
)
audience_labs_pull = _of_a_day(
    "audience_labs_pull",
    ["raw_audience_labs_leads", *_CORE],
    "Audience Labs' completed imports of a day: pull what is not here yet, validate, score, route.",
    RunConfig(
        ops={
            "raw_audience_labs_leads": Imports(must_succeed=True),
            "validated_leads": Landed(sources=["audience-labs"]),
        }
    ),
)
bulk_upload_process = _landed(
    "bulk_upload_process",
    ["csv"],
    "Files of a day that are landed and not finished: validate, score, route. Resumes killed imports.",
    BACKGROUND,
)
lead_enrich_from_datashopper = _landed(
    "lead_enrich_from_datashopper",
    ["datashopper"],
    "Leads of DataShopper's webhooks: validate, score, route. Their enrichment follows in a run of its own.",
)
lead_import_from_audience_labs = _landed(
    "lead_import_from_audience_labs",
    ["audience-labs"],
    "Leads of Audience Labs' webhooks: validate, score, route.",
)
# One run does both: a second one would take five more seconds to start, and somebody waits for the message.
lead_import_from_c2s = define_asset_job(
    "lead_import_from_c2s",
    AssetSelection.assets(*_CORE, *_CRM),
    config=RunConfig(
        ops={"validated_leads": Landed(sources=["c2s"]), "party_enrichments": Chaining(retry_failed=False, along=True)}
    ),
    partitions_def=DAYS,
    tags={LANE: INTAKE, "dagster/priority": "1"},
    description="Leads of Contact2Sale's webhooks: validate, score, route, and tell the CRM whose contacts they are.",
)
supplier_lead_process = _landed(
    "supplier_lead_process",
    ["supplier", "repair"],
    "Supplier leads that were not decided in their request, and repaired rows: validate, score, route.",
)
lead_enrichment = _of_a_day(
    "lead_enrichment",
    ["clay_contacts"],
    "Settle what Clay sent and ask it about leads of a day that wait; run it again to retry failed ones.",
)
mail_domain_check = _of_a_day(
    "mail_domain_check",
    ["mail_domains"],
    "Ask DNS which mail domains of a day's leads accept mail, if MX_CHECK is on; it says so where not.",
)
platform_upload = _of_a_day(
    "platform_upload",
    ["platform_uploads"],
    "Upload the hot and warm leads of a day that are enriched, and settle what is still open.",
)
lead_delivery = define_asset_job(
    "lead_delivery",
    AssetSelection.assets("lead_deliveries"),
    partitions_def=DAYS,
    tags={LANE: INTAKE, "dagster/priority": "1"},
    description="Tell of a day's leads, and send every message that is due: e-mail, SMS, Slack, webhooks.",
)
party_enrichment = _of_a_day(
    "party_enrichment",
    _CRM,
    "Parties of a day's CRM events that wait: find them, tell the CRM; tell managers of closed leads. Run it again to "
    "retry failed ones.",
)
campaign_distribution = define_asset_job(
    "campaign_distribution",
    AssetSelection.assets("campaign_assignments"),
    partitions_def=DAYS,
    tags={LANE: INTAKE},
    description="Offer a day's leads to the buyers of their campaigns that were not decided as they came in, or that "
    "nobody took and somebody may take now.",
)
refresh_marts = define_asset_job(
    "refresh_marts",
    AssetSelection.groups("staging", "marts"),
    tags=_BACKGROUND,
    description="Build and test every dbt model.",
)

JOBS = [
    daily_lead_generation,
    audience_labs_pull,
    bulk_upload_process,
    lead_enrich_from_datashopper,
    lead_import_from_audience_labs,
    lead_import_from_c2s,
    supplier_lead_process,
    lead_enrichment,
    party_enrichment,
    mail_domain_check,
    platform_upload,
    lead_delivery,
    campaign_distribution,
]
MARTS_JOBS = [refresh_marts]
