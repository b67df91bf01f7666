"""Hold the intake's figures against their thresholds, and tell people once per breach and once when it is over.

A message is noted as sent after the channel took it: one that the channel refused is tried again at the next look.
A process that dies between the two, or an answer that is lost, has it sent again: an alarm twice, never none.
"""

from collections.abc import Sequence

import psycopg
import structlog

from lead_pipeline.channels.alerts import AlertChannel
from lead_pipeline.domain.alerts import WINDOW, Figure, Verdict, breach_message, judge, recovery_message
from lead_pipeline.domain.webhooks import SOURCES
from lead_pipeline.errors import LeadPipelineError
from lead_pipeline.steps.run import Run
from lead_pipeline.store import alerts, intake_figures
from lead_pipeline.store.connections import connect

_log = structlog.get_logger("lead_pipeline.alerts")


def judge_signatures(url: str, run: Run) -> Verdict:
    """The share of webhooks with a wrong signature in the window."""
    with connect(url, autocommit=True) as conn:
        return judge(intake_figures.refused_signatures(conn, run.clock() - WINDOW, SOURCES))


def judge_uploads(url: str, run: Run) -> Verdict:
    """The share of bulk upload jobs that failed in the window."""
    with connect(url, autocommit=True) as conn:
        return judge(intake_figures.failed_uploads(conn, run.clock() - WINDOW))


def judge_routing(url: str, run: Run) -> Verdict:
    """The share of leads that a rule matched in the window."""
    with connect(url, autocommit=True) as conn:
        return judge(intake_figures.matched_leads(conn, run.clock() - WINDOW))


def watch(url: str, figures_of_runs: Figure, channel: AlertChannel, run: Run) -> list[Verdict]:
    """Judge all figures, open and close alerts, and send what nobody was told yet. Returns every verdict.

    Any number of processes may watch at once: each message is sent by one of them. A channel that fails ends the
    sending of this look, not the judging. Raises DatabaseUnavailable.
    """
    verdicts = [judge_signatures(url, run), judge_uploads(url, run), judge_routing(url, run), judge(figures_of_runs)]
    with connect(url, autocommit=True) as conn:
        for verdict in verdicts:
            if verdict.breached:
                alerts.open_alert(conn, verdict, run.clock())
        try:
            _tell(conn, verdicts, channel, run)
        except LeadPipelineError as error:
            _log.warning("alert not sent, tried again at the next look", error=f"{type(error).__name__}: {error}")
    return verdicts


def _tell(conn: psycopg.Connection, verdicts: Sequence[Verdict], channel: AlertChannel, run: Run) -> None:
    for verdict in verdicts:
        with alerts.held_alert(conn, verdict.name) as alert:
            if alert is None:
                continue
            if verdict.breached and alert.notified_at is None:
                channel.send(verdict.name, breach_message(verdict))
                alerts.note_notified(conn, alert.alert_id, run.clock())
            elif not verdict.breached:
                if alert.notified_at is not None:  # a breach that nobody was told of needs no all-clear
                    channel.send(verdict.name, recovery_message(verdict))
                alerts.close_alert(conn, alert.alert_id, run.clock())
