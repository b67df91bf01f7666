"""`lead-pipeline runs`: how the jobs have been doing."""

import os
from datetime import UTC, datetime, timedelta

import typer

from lead_pipeline.cli.dagster_home import prepare_dagster
from lead_pipeline.cli.session import migrated, settings
from lead_pipeline.cli.tables import show, stdout

_console = stdout()


def runs(
    days: float = typer.Option(7, min=0.001, max=3650, help="How far back, in days."),
    limit: int = typer.Option(1000, min=1, max=100_000, help="Newest runs that are looked at."),
) -> None:
    """Per job: runs that ended, their success rate and average time, retries, and the last error."""
    # Dagster takes a second to import, which no other command should wait for.
    from dagster import DagsterInstance  # noqa: PLC0415

    from lead_pipeline.orchestration.run_history import job_histories  # noqa: PLC0415

    chosen = settings()
    with migrated(chosen) as url:
        os.environ |= prepare_dagster(url, chosen, sandbox_url=chosen.sandbox_url)
        with DagsterInstance.get() as instance:
            found = job_histories(instance, datetime.now(UTC) - timedelta(days=days), limit=limit)
    columns = ("job", "runs", "failed", "success %", "average s", "retries", "last error")
    rows = (
        (one.job, one.runs, one.failed, one.success_rate, one.average_seconds, one.retries, one.last_error)
        for one in found
    )
    show(_console, f"Runs that ended in the last {days:g} days", columns, rows)
