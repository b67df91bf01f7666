"""The two parts of the graph as Dagster loads them: each in an interpreter of its own."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]


def test_both_parts_load_in_a_fresh_interpreter_with_an_empty_environment_and_the_one_of_leads_without_dbt() -> None:
    code = (
        "import json, sys\n"
        "from lead_pipeline import definitions\n"
        "keys = lambda name: sorted(k.to_user_string() for k in\n"
        "    getattr(definitions, name).resolve_asset_graph().materializable_asset_keys)\n"
        "pipeline, knows_dbt = keys('pipeline'), 'dbt' in sys.modules\n"
        "print(json.dumps([knows_dbt, sorted(pipeline + keys('marts')) == keys('defs')]))\n"
        "definitions.defs.get_repository_def()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"]},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [False, True] == json.loads(done.stdout.splitlines()[-1])


def test_processes_that_start_at_once_read_the_project_once_and_find_it_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from lead_pipeline.orchestration.assets import marts

    reads: list[float] = []

    def read() -> None:
        reads.append(time.monotonic())
        time.sleep(0.2)
        (tmp_path / "manifest.json").write_text("{}")

    monkeypatch.setattr(marts, "_TARGET", tmp_path)
    monkeypatch.setattr(marts, "_STAMP", tmp_path / "manifest.sha256")
    monkeypatch.setattr(marts, "_parse", read)
    with ThreadPoolExecutor(4) as pool:
        assert ["{}"] * 4 == [one.result().read_text() for one in [pool.submit(marts.manifest) for _ in range(4)]]
    assert 1 == len(reads)


def test_a_part_of_the_marts_is_built_on_an_empty_database_and_what_was_read_of_the_project_is_kept(
    database: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dagster import AssetKey, DagsterInstance

    from lead_pipeline.definitions import marts

    monkeypatch.setenv("DATABASE_URL", database.url)
    monkeypatch.setenv("LEAD_PIPELINE_VAR", str(tmp_path))
    kept = ROOT / "dbt_project" / "target" / "partial_parse.msgpack"
    others, job = kept.read_bytes(), marts.resolve_job_def("refresh_marts")
    try:
        with DagsterInstance.ephemeral() as instance:
            assert job.execute_in_process(instance=instance, asset_selection=[AssetKey("stg_workspaces")]).success
        assert others != kept.read_bytes(), "it is of this database"
    finally:
        kept.write_bytes(others)
