"""Many events within a minute, and the quiet around them."""

from collections.abc import Iterator

from lead_pipeline.sandbox.scenarios.events import leads_batch, leads_single
from lead_pipeline.sandbox.scenarios.scenario import HOUR, Message, Play, Scenario

SINGLES, BATCHES, BATCH = 600, 20, 50


def burst(play: Play) -> Iterator[Message]:
    """At noon 600 single leads and 20 batches of 50 within a simulated minute; one event each before and after."""
    for number, hour in enumerate((1, 23)):
        event = leads_single(play, 10_000 + number)
        yield Message(at=hour * HOUR, source="datashopper", event=event, about=event["event_id"])
    for number in range(SINGLES):
        event, at = leads_single(play, number), 12 * HOUR + play.draw("at", number).below(60)
        yield Message(at=at, source="datashopper", event=event, about=event["event_id"])
    for number in range(BATCHES):
        event = leads_batch(play, range(20_000 + number * BATCH, 20_000 + (number + 1) * BATCH))
        yield Message(at=12 * HOUR + 30, source="datashopper", event=event, about=event["event_id"])


SCENARIOS = (
    Scenario(
        "burst",
        "620 events with 1,600 leads within a minute.",
        "nothing refused; 1,602 leads routed a few runs later, and the sensors quiet again",
        burst,
    ),
)
