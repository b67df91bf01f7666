"""Two vendors that change their format at noon without a word. The changes themselves are in `drifting`."""

from collections.abc import Iterator

from lead_pipeline.sandbox.drifting import plant
from lead_pipeline.sandbox.scenarios.events import Event, import_batch, leads_batch
from lead_pipeline.sandbox.scenarios.scenario import DAY, Message, Play, Scenario

EVENTS = 210
DRIFTS = {
    "datashopper": ("email-renamed", "strength-in-capitals", "company-cut-at-16"),
    "audience-labs": ("lead-email-often-null",),
}


def schema_drift(play: Play) -> Iterator[Message]:
    """210 batches of two leads from each; from noon on drifted."""
    for number in range(EVENTS):
        numbers = range(number * 2, number * 2 + 2)
        yield _of("datashopper", number, leads_batch(play, numbers))
        others = range(10_000 + number * 2, 10_000 + number * 2 + 2)
        yield _of("audience-labs", number, import_batch(play, 1, number, others))


def _of(source: str, number: int, event: Event) -> Message:
    at = number * DAY / EVENTS
    for name in DRIFTS[source] if at >= DAY / 2 else ():
        event = plant(name, event)
    return Message(at=at, source=source, event=event, about=event["event_id"])


SCENARIOS = (
    Scenario(
        "schema-drift",
        f"At noon two vendors change their format: {', '.join(name for names in DRIFTS.values() for name in names)}.",
        "every event taken, leads of the afternoon without e-mail; `lead-pipeline drift` names the fields, once it has "
        "three earlier days of the vendor to compare with",
        schema_drift,
    ),
)
