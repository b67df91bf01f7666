"""`lead-pipeline trace`: one lead's whole story."""

from typing import Any

import typer

from lead_pipeline.cli.session import migrated
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.domain.routing import Verdict
from lead_pipeline.steps.trace import trace_lead

_console = stdout()


def trace(lead_id: str = typer.Argument(..., help="As in core.leads.")) -> None:
    """Tell a lead's story from drop to upload, and what every routing rule said about it."""
    with migrated() as url:
        story = trace_lead(url, lead_id)
    facts = [(name, value) for name, value in story.lead.items() if value not in (None, [], {}) and name != "signals"]
    show(_console, "Lead", ("column", "value"), ((name, _short(value)) for name, value in facts))
    show(
        _console,
        "What happened",
        ("when", "event", "detail", "run"),
        (
            (f"{event['happened_at']:%Y-%m-%d %H:%M:%S}", event["event"], _short(event["detail"]), event["run_id"])
            for event in story.events
        ),
    )
    show(
        _console,
        "Rules, in the order tried",
        ("priority", "rule", "version", "verdict", "because"),
        ((v.priority, v.rule_name, v.version, _verdict(v), _because(v)) for v in story.verdicts),
    )


def _verdict(verdict: Verdict) -> str:
    return "WON" if verdict.won else "matches, but a rule before it won" if verdict.matched else "no"


def _because(verdict: Verdict) -> str:
    decided = [check for check in verdict.checks if not check.passed] or verdict.checks
    words = (
        f"{check.key}: {check.observed or 'missing'} {'is' if check.passed else 'is not'} in {list(check.wanted)}"
        for check in decided
    )
    return "; ".join(words) or "it has no conditions"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items() if item not in (None, []))
    text = str(value)
    return text if len(text) <= 120 else text[:119] + "…"
