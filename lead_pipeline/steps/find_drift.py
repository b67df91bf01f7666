"""The findings of a day: every event's profile held against the days before. Writes nothing, profiles nothing."""

from dataclasses import dataclass
from datetime import date, timedelta

from lead_pipeline.domain.drift import HISTORY_DAYS, Finding, judge
from lead_pipeline.store.connections import connect
from lead_pipeline.store.field_profiles import Event, events_of, read_profiles


@dataclass(frozen=True)
class Drifts:
    """What was found, how many events were judged, and why others could not be."""

    findings: list[Finding]
    judged: int
    unjudged: dict[Event, str]


def find_drift(url: str, day: date) -> Drifts:
    """Judge every event that has payloads of a day, as far as they are profiled."""
    findings: list[Finding] = []
    unjudged: dict[Event, str] = {}
    with connect(url, autocommit=True) as conn:
        events = events_of(conn, day)
        for event in events:
            verdict = judge(*event, read_profiles(conn, event, day - timedelta(HISTORY_DAYS), day), day)
            findings += verdict.findings
            if verdict.unjudged is not None:
                unjudged[event] = verdict.unjudged
    return Drifts(findings, len(events) - len(unjudged), unjudged)
