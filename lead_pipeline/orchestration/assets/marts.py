"""Layer marts: the dbt project, one asset a model, its tests as asset checks. What a model says is in dbt_project."""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dagster import AssetExecutionContext, AssetKey
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, dbt_assets

from lead_pipeline.errors import ContractBroken
from lead_pipeline.orchestration.policies import DATA_TEAM
from lead_pipeline.orchestration.resources import Pipeline, dbt_environment
from lead_pipeline.settings import load_settings

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
_TARGET = PROJECT / "target"
_STAMP = _TARGET / "manifest.sha256"
_PARSED = "partial_parse.msgpack"
_DBT = str(Path(sys.executable).with_name("dbt"))
_ASSET_OF_TABLE = {
    "drops": "raw_datashopper_companies",
    "audience_labs_drops": "raw_audience_labs_leads",
    "webhook_drops": "raw_webhook_drops",
    "csv_drops": "raw_csv_uploads",
    "supplier_drops": "raw_supplier_leads",
    "intake_counts": None,
    "vendor_calls": None,
    "queries": None,
    "field_profiles": "vendor_field_profiles",
    "webhook_events": "party_enrichments",
    "party_enrichments": "party_enrichments",
    "workspaces": None,
    "leads": "validated_leads",
    "lead_sightings": "validated_leads",
    "archived_leads": None,
    "mail_domains": "mail_domains",
    "quarantined_rows": "quarantined_rows",
    "bulk_upload_jobs": "raw_csv_uploads",
    "enrichments": "clay_contacts",
    "lead_contacts": "clay_contacts",
    "intent_scores": "intent_scores",
    "lead_assignments": "routed_assignments",
    "buyer_assignments": "campaign_assignments",
    "assignment_candidates": "campaign_assignments",
    "candidate_sets": "campaign_assignments",
    "campaign_leads": "campaign_assignments",
    "ledger_accounts": "campaign_assignments",
    "ledger_entries": "campaign_assignments",
    "ledger_postings": "campaign_assignments",
    "recharge_entries": "card_recharges",
    "sellers": None,
    "categories": None,
    "campaigns": None,
    "buyers": None,
    "campaign_subscriptions": None,
    "suppliers": None,
    "versions": None,
    "lead_routing_rules": None,
    "platform_uploads": "platform_uploads",
    "upload_batches": "platform_uploads",
    "billing_events": "platform_uploads",
    "platform_accounts": None,
    "platform_access_log": "platform_uploads",
    "destinations": "lead_deliveries",
    "deliveries": "lead_deliveries",
    "delivery_attempts": "lead_deliveries",
    "usage_log": "lead_deliveries",
    "usage_statements": "usage_statements",
    "service_targets": None,
    "manager_notifications": "manager_notifications",
    "crm_messages": "crm_messages",
    "topics": "topic_trends",
    "topic_trends": "topic_trends",
    "credit_resets": "credit_resets",
}


class Translator(DagsterDbtTranslator):
    """Models keep their names; a source is the asset that writes its table, so that the lineage is one graph."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            name = dbt_resource_props["name"]
            return AssetKey(_ASSET_OF_TABLE.get(name) or ["tables", dbt_resource_props["schema"], name])
        return AssetKey(dbt_resource_props["name"])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str] | None:
        return DATA_TEAM

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return "marts" if "marts" in dbt_resource_props["fqn"] or _reads_a_mart(dbt_resource_props) else "staging"


def _reads_a_mart(dbt_resource_props: Mapping[str, Any]) -> bool:
    """A step between two marts stands beside them: what feeds them would else be fed by them."""
    names = (node.rpartition(".")[2] for node in dbt_resource_props.get("depends_on", {}).get("nodes", ()))
    return any(not name.startswith(("stg_", "int_")) for name in names) and "staging" not in dbt_resource_props["fqn"]


def manifest() -> Path:
    """dbt's manifest, made anew only where a file of the project has changed since it was."""
    digest = hashlib.sha256()
    written = [top for top in PROJECT.iterdir() if top.name not in {"target", "logs"}]
    for path in sorted(path for top in written for path in (top, *top.rglob("*"))):
        if path.suffix in {".sql", ".yml"}:
            digest.update(str(path.relative_to(PROJECT)).encode() + b"\0" + path.read_bytes() + b"\0")
    if not _is_read(digest.hexdigest()):
        _TARGET.mkdir(exist_ok=True)
        with (_TARGET / "parse.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # whoever starts at the same time waits, and finds it done
            if not _is_read(digest.hexdigest()):
                _parse()
                _STAMP.write_text(digest.hexdigest())
    return _TARGET / "manifest.json"


def _is_read(digest: str) -> bool:
    return (_TARGET / "manifest.json").exists() and _STAMP.exists() and _STAMP.read_text() == digest


def _parse() -> None:
    """Parsing asks no server, but what was read for one is no good for another: for the one that is set, if any is.

    Written elsewhere and moved: another process may be reading what is there.
    """
    url = load_settings(os.environ).database_url
    with tempfile.TemporaryDirectory(dir=_TARGET, prefix="parse-") as fresh:
        done = subprocess.run(  # noqa: S603 - our own dbt on our own project
            [_DBT, "--quiet", "parse", "--profiles-dir", str(PROJECT), "--target-path", fresh],
            cwd=PROJECT,
            env={**os.environ, **({} if url is None else dbt_environment(url))},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ContractBroken(f"dbt cannot parse {PROJECT}: {done.stdout}{done.stderr}")
        _keep_parsed(Path(fresh) / _PARSED)
        (Path(fresh) / "manifest.json").replace(_TARGET / "manifest.json")


def _keep_parsed(parsed: Path) -> None:
    """What was read of the project is there for the next build: reading it anew takes a fifth of a build's time."""
    if parsed.exists():  # not where partial parsing is turned off
        parsed.replace(_TARGET / parsed.name)


def dbt_resource() -> DbtCliResource:
    """The dbt command, of this very interpreter's environment."""
    return DbtCliResource(
        project_dir=str(PROJECT),
        profiles_dir=str(PROJECT),
        dbt_executable=_DBT,
    )


@dbt_assets(
    manifest=manifest(),
    name="marts",
    dagster_dbt_translator=Translator(
        DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_duplicate_source_asset_keys=True)
    ),
)
def marts(context: AssetExecutionContext, dbt: DbtCliResource, pipeline: Pipeline) -> Iterator[Any]:
    """Build and test every model. Unit tests are of the models' text, which no run changes: `make test` runs them."""
    building = dbt.cli(["build", "--exclude-resource-type", "unit_test"], context=context)
    yield from building.stream()
    _keep_parsed(building.target_path / _PARSED)
