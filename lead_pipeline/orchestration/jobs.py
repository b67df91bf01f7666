"""Jobs by the names that users know: selections of the one graph."""

from dagster import AssetSelection, define_asset_job

from lead_pipeline.orchestration.partitions import DAYS

_CORE = ["validated_leads", "quarantined_rows", "intent_scores", "routed_assignments"]

daily_lead_generation = define_asset_job(
    "daily_lead_generation",
    AssetSelection.assets("raw_datashopper_companies", *_CORE, "clay_contacts", "platform_uploads"),
    partitions_def=DAYS,
    description="A day from the vendor's search to the platforms: pull, validate, score, route, enrich, upload.",
)
bulk_upload_process = define_asset_job(
    "bulk_upload_process",
    AssetSelection.assets(*_CORE),
    partitions_def=DAYS,
    description="Files of a day that are landed and not finished: validate, score, route. Resumes killed imports.",
)
lead_enrichment = define_asset_job(
    "lead_enrichment",
    AssetSelection.assets("clay_contacts"),
    partitions_def=DAYS,
    description="Ask Clay about the leads of a day that wait; run it again to retry the ones that failed.",
)
platform_upload = define_asset_job(
    "platform_upload",
    AssetSelection.assets("platform_uploads"),
    partitions_def=DAYS,
    description="Upload the hot and warm leads of a day that are enriched, and settle what is still open.",
)
refresh_marts = define_asset_job(
    "refresh_marts",
    AssetSelection.groups("staging", "marts"),
    description="Build and test every dbt model.",
)

JOBS = [daily_lead_generation, bulk_upload_process, lead_enrichment, platform_upload, refresh_marts]
