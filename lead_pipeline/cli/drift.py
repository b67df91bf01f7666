"""`lead-pipeline drift`: fields of what vendors send that are not what they were."""

from datetime import UTC, datetime

import typer

from lead_pipeline.cli.session import migrated
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.steps.find_drift import find_drift
from lead_pipeline.steps.profile_payloads import profile_payloads

_console = stdout()


def drift(
    day: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], help="UTC day, today by default."),
) -> None:
    """Profile what vendors sent on a day as far as it is not yet, and compare it with the 28 days before."""
    chosen = (day or datetime.now(UTC)).date()
    with migrated() as url:
        profiled = profile_payloads(url, chosen)
        drifts = find_drift(url, chosen)
    show(
        _console,
        f"Fields that are not what they were, {chosen}",
        ("source", "event", "field", "kind", "expected", "observed", "since"),
        (
            (one.source, one.event_type, one.field, one.kind, one.expected, one.observed, one.since)
            for one in drifts.findings
        ),
    )
    if drifts.unjudged:
        rows = ((*event, reason) for event, reason in drifts.unjudged.items())
        show(_console, "Not compared", ("source", "event", "because"), rows)
    words = f"{len(drifts.findings)} fields of {drifts.judged} events; {profiled.drops} drops were newly counted."
    _console.print(words, markup=False, highlight=False)
