"""Jobs by the names that users know: selections of the one graph, and the lane of each."""

from collections.abc import Sequence

from dagster import AssetSelection, RunConfig, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from lead_pipeline.orchestration.assets.core import Landed
from lead_pipeline.orchestration.lanes import BACKGROUND, INTAKE, LANE
from lead_pipeline.orchestration.partitions import DAYS

_CORE = ["validated_leads", "quarantined_rows", "intent_scores", "routed_assignments"]
_BACKGROUND = {LANE: BACKGROUND}


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


daily_lead_generation = define_asset_job(
    "daily_lead_generation",
    AssetSelection.assets("raw_datashopper_companies", *_CORE, "clay_contacts", "platform_uploads"),
    partitions_def=DAYS,
    tags=_BACKGROUND,
    description="A day from the vendor's search to the platforms: pull, validate, score, route, enrich, upload.",
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
lead_import_from_c2s = _landed(
    "lead_import_from_c2s", ["c2s"], "Leads of Contact2Sale's webhooks: validate, score, route."
)
supplier_lead_process = _landed(
    "supplier_lead_process",
    ["supplier", "repair"],
    "Supplier leads that were not decided in their request, and repaired rows: validate, score, route.",
)
lead_enrichment = define_asset_job(
    "lead_enrichment",
    AssetSelection.assets("clay_contacts"),
    partitions_def=DAYS,
    tags=_BACKGROUND,
    description="Settle what Clay sent and ask it about leads of a day that wait; run it again to retry failed ones.",
)
platform_upload = define_asset_job(
    "platform_upload",
    AssetSelection.assets("platform_uploads"),
    partitions_def=DAYS,
    tags=_BACKGROUND,
    description="Upload the hot and warm leads of a day that are enriched, and settle what is still open.",
)
refresh_marts = define_asset_job(
    "refresh_marts",
    AssetSelection.groups("staging", "marts"),
    tags=_BACKGROUND,
    description="Build and test every dbt model.",
)

JOBS = [
    daily_lead_generation,
    bulk_upload_process,
    lead_enrich_from_datashopper,
    lead_import_from_audience_labs,
    lead_import_from_c2s,
    supplier_lead_process,
    lead_enrichment,
    platform_upload,
]
MARTS_JOBS = [refresh_marts]
