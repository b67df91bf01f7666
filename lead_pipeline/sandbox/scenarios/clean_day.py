"""A day on which nothing is wrong: events of all four vendors, spread over 24 hours."""

from collections.abc import Iterator

from lead_pipeline.sandbox.scenarios.brazil_day import brazil_day
from lead_pipeline.sandbox.scenarios.events import (
    Event,
    domain_of,
    enrichment_completed,
    import_batch,
    import_ended,
    lead,
    leads_batch,
    leads_single,
)
from lead_pipeline.sandbox.scenarios.scenario import DAY, HOUR, Message, Play, Scenario

BATCH, SINGLES, ANSWERED, IMPORT_LEADS = 5, 24, 12, 25


def clean_day(play: Play) -> Iterator[Message]:
    """Each hour a batch and a single lead of DataShopper; Clay's answers for those of the morning, in the afternoon;
    two imports; a day of Contact2Sale."""
    for source in ("datashopper", "clay", "audience-labs"):
        test = {"event_type": "test", "event_id": play.name("evt", "test", source)}
        yield Message(at=0, source=source, event=test, about=f"test of {source}")
    for hour in range(SINGLES):
        draw, first = play.draw("hour", hour), hour * (BATCH + 1)
        at = hour * HOUR + draw.below(1800)
        yield _of("datashopper", at, leads_batch(play, range(first + 1, first + 1 + BATCH)))
        yield _of("datashopper", at + 600, leads_single(play, first))
        if hour < ANSWERED:  # half a day later, when the lead is surely there
            domain = domain_of(lead(play, first)["website"])
            yield _of("clay", at + 600 + DAY / 2, enrichment_completed(play, hour, domain))
    for number, hour in enumerate((3, 15)):
        leads = range(1000 + number * IMPORT_LEADS, 1000 + (number + 1) * IMPORT_LEADS)
        yield _of("audience-labs", hour * HOUR, import_batch(play, number, 1, leads))
        yield _of("audience-labs", hour * HOUR + 300, import_ended(play, number, leads=len(leads)))
    yield from brazil_day(play)


def _of(source: str, at: float, event: Event) -> Message:
    return Message(at=at, source=source, event=event, about=event["event_id"])


SCENARIOS = (
    Scenario(
        "clean-day",
        "A day of all four vendors on which nothing is wrong.",
        "every drop kept or routed and nothing quarantined, if Dagster was up before; leads scored, routed, enriched",
        clean_day,
    ),
)
