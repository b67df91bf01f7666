"""Dagster's own home: its storage on our Postgres, and the environment that its processes need."""

import yaml

from lead_pipeline.orchestration.lanes import BACKGROUND, LANE, MAX_BACKGROUND_RUNS, MAX_RUNS
from lead_pipeline.settings import Settings
from lead_pipeline.store.connections import ensure_database, with_database

_INSTANCE = {
    "storage": {"postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}},
    "run_coordinator": {
        "module": "dagster.core.run_coordinator",
        "class": "QueuedRunCoordinator",
        "config": {
            "max_concurrent_runs": MAX_RUNS,
            "tag_concurrency_limits": [{"key": LANE, "value": BACKGROUND, "limit": MAX_BACKGROUND_RUNS}],
            "dequeue_interval_seconds": 1,
        },
    },
    # Sensors that listen for drops and messages hold up no other.
    "sensors": {"use_threads": True, "num_workers": 6},
    # For runs whose process died. A step that fails has had its three attempts, so no run repeats them.
    "run_retries": {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False},
    "run_monitoring": {"enabled": True, "start_timeout_seconds": 120, "poll_interval_seconds": 20},
    "telemetry": {"enabled": False},
    "nux": {"enabled": False},
}


def prepare_dagster(url: str, chosen: Settings, *, sandbox_url: str) -> dict[str, str]:
    """Make the home and the storage database; returns the variables to set for Dagster, ours included."""
    home = (chosen.var_dir / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(yaml.safe_dump(_INSTANCE))
    storage = with_database(url, chosen.dagster_database)
    ensure_database(storage)
    return {
        "DAGSTER_HOME": str(home),
        "DAGSTER_POSTGRES_URL": storage,
        "DATABASE_URL": url,
        "SANDBOX_URL": sandbox_url,
        "LEAD_PIPELINE_VAR": str(chosen.var_dir.resolve()),
        "PYTHONWARNINGS": "ignore",
    }
