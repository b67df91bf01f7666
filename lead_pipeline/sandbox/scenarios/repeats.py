"""Events that come more than once, or before the events that they follow."""

from collections.abc import Iterator

from lead_pipeline.sandbox.brazil import KNOWN, brazilian
from lead_pipeline.sandbox.scenarios.events import crm_event, import_batch, import_ended, leads_batch, leads_single
from lead_pipeline.sandbox.scenarios.scenario import HOUR, Message, Play, Scenario

AGAIN, AT_ONCE, CRM_LEADS, BATCHES = 3, 100, 5, 3


def duplicates(play: Play) -> Iterator[Message]:
    """An event four times; its id with another body; an event without an id twice; 100 copies of one at once."""
    for number in range(6):
        event, at = leads_single(play, number), number * HOUR
        yield Message(at=at, source="datashopper", event=event, about=event["event_id"])
        for again in range(AGAIN):
            yield Message(
                at=at + 600 * (again + 1),
                source="datashopper",
                event=event,
                about=event["event_id"],
                expected="duplicate",
            )
        other = {**leads_single(play, 100 + number), "event_id": event["event_id"]}
        yield Message(at=at + 3000, source="datashopper", event=other, about=event["event_id"], expected="duplicate")
    nameless = {name: value for name, value in leads_batch(play, range(200, 203)).items() if name != "event_id"}
    for copy in range(2):
        yield Message(
            at=(8 + copy) * HOUR,
            source="datashopper",
            event=nameless,
            about="batch without an id",
            expected="duplicate" if copy else "accepted",
        )
    person = brazilian(play.people_seed, play.draw("person").below(KNOWN))
    customer = {"name": person.name, "email": person.emails[0], "phone": person.phones[0]}
    event = crm_event("create", play.name("c2s", "raced"), play.moment(12 * HOUR), customer)
    for copy in range(AT_ONCE):
        yield Message(
            at=12 * HOUR,
            source="c2s",
            event=event,
            about="100 at once",
            expected="duplicate" if copy else "accepted",
            together=True,
        )


def out_of_order(play: Play) -> Iterator[Message]:
    """Contact2Sale's update and close before the create; Audience Labs' import.completed before its batches."""
    for number in range(CRM_LEADS):
        person = brazilian(play.people_seed, play.draw("person", number).below(KNOWN))
        before = {"name": person.name, "email": "", "phone": person.phones[0]}
        after = {**before, "email": person.emails[0]}
        lead_id, at = play.name("c2s", number), number * 4 * HOUR
        created, updated, closed = (play.moment(at + minutes * 60) for minutes in (0, 30, 60))
        orders = (
            ("update", updated, after),
            ("create", created, before),
            ("close", closed, after),
        )
        if number % 2:
            orders = (orders[2], orders[0], orders[1])
        for place, (action, when, customer) in enumerate(orders):
            event = crm_event(action, lead_id, when, customer)
            yield Message(at=at + 1800 * (place + 1), source="c2s", event=event, about=lead_id)
    about = play.name("import", 1)
    ended = import_ended(play, 1, leads=20 * BATCHES)
    yield Message(at=20 * HOUR, source="audience-labs", event=ended, about=about)
    for batch in range(BATCHES, 0, -1):
        event = import_batch(play, 1, batch, range(batch * 20, (batch + 1) * 20))
        yield Message(at=21 * HOUR + (BATCHES - batch) * 600, source="audience-labs", event=event, about=about)


SCENARIOS = (
    Scenario(
        "duplicates",
        "The same event again, the same id with another body, and 100 copies of one event at once.",
        "8 drops; one message in Contact2Sale for the lead that came 100 times",
        duplicates,
    ),
    Scenario(
        "out-of-order",
        "Updates before creates, closes before both, an import completed before its batches.",
        "one message to each of the 5 leads for each of its contacts, none for the close; 60 leads of the import",
        out_of_order,
    ),
)
