"""Clay's answers by webhook, for leads that the intake knows and for some that it does not."""

from collections.abc import Iterator

from lead_pipeline.sandbox.scenarios.events import (
    Event,
    domain_of,
    enrichment_completed,
    enrichment_failed,
    lead,
    leads_single,
)
from lead_pipeline.sandbox.scenarios.scenario import HOUR, Message, Play, Scenario

KNOWN, UNKNOWN = 8, 4


def clay_answers(play: Play) -> Iterator[Message]:
    """Eight leads and Clay's answer for each, every fourth one failed; answers twice; domains that nobody sent.

    The answers come hours after the leads, which are settled by then unless the day is played fast.
    """
    for number in range(KNOWN):
        yield _of("datashopper", number * 60, leads_single(play, number))
        domain = domain_of(lead(play, number)["website"])
        failed = number % 4 == 3
        answer = enrichment_failed(play, number, domain) if failed else enrichment_completed(play, number, domain)
        yield _of("clay", (12 + number) * HOUR, answer)
        if number == 0:  # another event with the same answer: too late to change anything
            again = {**answer, "event_id": play.name("evt", "again")}
            yield _of("clay", 22 * HOUR, again)
    for number in range(UNKNOWN):
        domain = f"nobody-{play.draw('nobody', number).below(10**9)}.example"
        make = enrichment_failed if number % 2 else enrichment_completed
        yield _of("clay", (13 + number * 2) * HOUR, make(play, 100 + number, domain))
    nameless = {"event_type": "enrichment.completed", "event_id": play.name("evt", "nameless"), "contacts": []}
    yield _of("clay", 23 * HOUR, nameless)


def _of(source: str, at: float, event: Event) -> Message:
    return Message(at=at, source=source, event=event, about=event["event_id"])


SCENARIOS = (
    Scenario(
        "clay-answers",
        "Enrichments completed and failed, for leads that are known and for some that are not.",
        "contacts of the known domains in core.lead_contacts; 5 drops refused, whose lead nobody knows",
        clay_answers,
    ),
)
