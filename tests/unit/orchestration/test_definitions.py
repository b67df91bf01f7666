"""The graph as Dagster loads it: without an environment, and exactly the one in the snapshot."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

SNAPSHOT = Path(__file__).parents[2] / "data" / "graph.snapshot.json"
ROOT = Path(__file__).parents[3]
RENEW = "RENEW_SNAPSHOT=1 python -m pytest tests/unit/orchestration/test_definitions.py"


@pytest.fixture(scope="module")
def repository() -> Any:
    from lead_pipeline.definitions import defs

    return defs.get_repository_def()


def graph_of(repository: Any) -> dict[str, Any]:
    """What users see of the graph, in an order of its own."""
    assets = repository.asset_graph
    return {
        "assets": {
            key.to_user_string(): {
                "group": node.group_name,
                "kinds": sorted(node.kinds),
                "owners": sorted(node.owners),
                "deps": sorted(parent.to_user_string() for parent in node.parent_keys),
                "partitions": None if node.partitions_def is None else type(node.partitions_def).__name__,
                "is_external": node.is_external,
            }
            for key in sorted(assets.get_all_asset_keys())
            if (node := assets.get(key)).group_name not in {"staging", "marts", "intermediate"}
            and not key.to_user_string().startswith("tables/")
        },
        "models": sorted(
            key.to_user_string()
            for key in assets.get_all_asset_keys()
            if assets.get(key).group_name in {"staging", "marts", "intermediate"}
        ),
        "checks": sorted(
            f"{check.asset_key.to_user_string()}: {check.name}"
            for check in assets.asset_check_keys
            if assets.get(check.asset_key).group_name not in {"staging", "marts", "intermediate"}
        ),
        "jobs": {
            job.name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
            for job in repository.get_all_jobs()
            if not job.name.startswith("__")
        },
        "schedules": {
            schedule.name: f"{schedule.cron_schedule} {schedule.execution_timezone} -> {schedule.job_name}"
            for schedule in repository.schedule_defs
        },
        "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
    }


def test_the_graph_is_the_one_in_the_snapshot(repository: Any) -> None:
    graph = json.loads(json.dumps(graph_of(repository)))
    if os.environ.get("RENEW_SNAPSHOT"):
        SNAPSHOT.write_text(json.dumps(graph, indent=2, sort_keys=True) + "\n")
    assert json.loads(SNAPSHOT.read_text()) == graph, f"is the change meant? Then renew the snapshot: {RENEW}"


def test_every_asset_says_what_it_is_whose_and_of_which_kind(repository: Any) -> None:
    assets = repository.asset_graph
    unsaid = {
        key.to_user_string(): missing
        for key in assets.get_all_asset_keys()
        if not key.to_user_string().startswith("tables/")
        and (missing := [name for name in ("description", "owners", "kinds") if not getattr(assets.get(key), name)])
    }
    assert {} == unsaid


def test_every_check_says_what_it_wants(repository: Any) -> None:
    specs = [repository.asset_graph.get_check_spec(key) for key in repository.asset_graph.asset_check_keys]
    assert [] == [spec.name for spec in specs if not spec.description and "dbt" not in str(spec.metadata).lower()]


def test_every_step_is_tried_three_times_in_all(repository: Any) -> None:
    policies = {
        definition.op.name: definition.op.retry_policy
        for definition in repository.assets_defs_by_key.values()
        if definition.is_executable
    }
    # dbt builds in one go: a failed model is a failed test or a wrong model, which no second attempt mends.
    assert {"marts"} == {name for name, policy in policies.items() if policy is None}
    assert {2} == {policy.max_retries for policy in policies.values() if policy is not None}


def test_the_workspace_names_both_parts() -> None:
    named = yaml.safe_load((ROOT / "workspace.yaml").read_text())["load_from"]
    doors = [location["python_module"] for location in named]
    assert [("lead_pipeline.definitions", "pipeline"), ("lead_pipeline.definitions", "marts")] == [
        (door["module_name"], door["attribute"]) for door in doors
    ]
