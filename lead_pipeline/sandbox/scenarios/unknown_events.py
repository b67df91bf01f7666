"""Signed bodies that hold no event we know: kept, answered 202, and waiting in quarantine with the reason."""

from collections.abc import Iterator, Mapping
from typing import Any

from lead_pipeline.sandbox.scenarios.scenario import HOUR, Message, Play, Scenario

SOURCES = ("datashopper", "clay", "audience-labs", "c2s")


def unknown_events(play: Play) -> Iterator[Message]:
    """Per source: an unknown event, none at all, an event without its content, no object, no JSON; then `test`."""
    for place, source in enumerate(SOURCES):
        for number, (what, event) in enumerate(_bodies(play, source).items()):
            yield Message(
                at=(number * 4 + place) * HOUR,
                source=source,
                event=event,
                about=f"{source}: {what}",
                expected="quarantined",
            )
        if source != "c2s":
            test = {"event_type": "test", "event_id": play.name("evt", "test", source)}
            yield Message(at=23 * HOUR, source=source, event=test, about=f"{source}: test")


def _bodies(play: Play, source: str) -> dict[str, Mapping[str, Any] | bytes]:
    name = "hook_action" if source == "c2s" else "event_type"
    known = {
        "datashopper": "leads.batch",
        "audience-labs": "import.batch",
        "c2s": "on_create_lead",
    }
    ids = [play.name("evt", source, number) for number in range(5)]
    bodies: dict[str, Mapping[str, Any] | bytes] = {
        "unknown event": {"event_id": ids[0], "id": ids[0], name: "leads.exploded"},
        "no event": {"event_id": ids[1], "id": ids[1], "hello": "world"},
        "no object": f'["{ids[2]}"]'.encode(),
        "no JSON": f"event={ids[3]}&lead=Ada".encode(),
    }
    if source in known:
        bodies["nothing in it"] = {"event_id": ids[4], "id": ids[4], name: known[source]}
    return bodies


SCENARIOS = (
    Scenario(
        "unknown-events",
        "Signed bodies that are no event we know, no object, or no JSON.",
        "19 drops refused whole with a reason each (`lead-pipeline quarantine list`); three `test` events kept",
        unknown_events,
    ),
)
