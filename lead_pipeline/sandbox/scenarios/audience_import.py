"""Audience Labs' bulk imports as it reports them: batches of 100 leads, then how the import ended."""

from collections.abc import Iterator

from lead_pipeline.sandbox.scenarios.events import Event, import_batch, import_ended
from lead_pipeline.sandbox.scenarios.scenario import HOUR, Message, Play, Scenario

BATCH = 100
IMPORTS = ((2, 250, None), (10, 100, None), (18, 180, "the audience was deleted"))
"""Hour, leads, and what went wrong."""


def audience_import(play: Play) -> Iterator[Message]:
    """Two imports that complete, with 250 and 100 leads, and one that fails after 180."""
    test = {"event_type": "test", "event_id": play.name("evt", "test")}
    yield _of(HOUR, test)
    for number, (hour, leads, error) in enumerate(IMPORTS):
        first, at = number * 1000, hour * HOUR
        for batch, start in enumerate(range(0, leads, BATCH), start=1):
            numbers = range(first + start, first + min(start + BATCH, leads))
            yield _of(at + batch * 300, import_batch(play, number, batch, numbers))
        yield _of(at + 3000, import_ended(play, number, leads=leads, error=error))


def _of(at: float, event: Event) -> Message:
    return Message(at=at, source="audience-labs", event=event, about=str(event.get("import_id", "test")))


SCENARIOS = (
    Scenario(
        "audience-import",
        "Three bulk imports of Audience Labs in batches of 100: two complete, one fails.",
        "530 leads of the webhooks, also of the failed import, whose import.failed is kept beside them; those that "
        "audience_labs_pull adds after import.completed",
        audience_import,
    ),
)
