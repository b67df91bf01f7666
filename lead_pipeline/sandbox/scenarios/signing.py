"""What a signature is for: events that come late, that somebody else signed, that were caught and sent again."""

from collections.abc import Iterator

from lead_pipeline.sandbox.scenarios.events import crm_event, import_ended, leads_single
from lead_pipeline.sandbox.scenarios.scenario import HOUR, Answer, Flaw, Message, Play, Scenario

AGES: tuple[tuple[float, Answer], ...] = (
    (298, "accepted"),
    (302, "refused 401"),
    (-298, "accepted"),
    (-302, "refused 401"),
)
"""Seconds behind the clock. The window is 300; two are left for the way."""
SIGNERS = ("datashopper", "clay", "audience-labs")
_ALL = (*SIGNERS, "c2s")


def late(play: Play) -> Iterator[Message]:
    """Per source that sends a time: just inside and just outside five minutes, both ways."""
    for number, (age, expected) in enumerate(AGES):
        for source in SIGNERS:
            event = _event(play, source, number)
            yield Message(
                at=(number * 6 + 1) * HOUR,
                source=source,
                event=event,
                about=f"{source} {age:g} s old",
                expected=expected,
                age=age,
            )


def wrong_signature(play: Play) -> Iterator[Message]:
    """Per source: each flaw, and one good event after them."""
    flaws: tuple[Flaw, ...] = (
        "wrong secret", "changed after signing", "no signature", "sample signature", "no time",
    )  # fmt: skip
    for number, flaw in enumerate(flaws):
        for source in _ALL:
            if (flaw == "no time" and source not in SIGNERS) or (flaw == "changed after signing" and source == "c2s"):
                continue  # Contact2Sale sends its secret, and neither a time nor a digest
            yield Message(
                at=(number * 4 + 1) * HOUR,
                source=source,
                event=_event(play, source, number),
                about=f"{source} {flaw}",
                expected="refused 401",
                flaw=flaw,
            )
    for source in _ALL:
        event = _event(play, source, len(flaws))
        yield Message(at=23 * HOUR, source=source, event=event, about=f"{source} good")


def replayed(play: Play) -> Iterator[Message]:
    """Per source: an event; the very same request again; the same event signed anew; its old request after the window.

    Contact2Sale sends no time, so its old request is a duplicate for ever.
    """
    for number, source in enumerate(_ALL):
        event, about, at = _event(play, source, 0), f"{source} replayed", (number * 5 + 1) * HOUR
        yield Message(at=at, source=source, event=event, about=about)
        yield Message(at=at + 60, source=source, event=event, about=about, expected="duplicate", again=True)
        yield Message(at=at + 120, source=source, event=event, about=about, expected="duplicate")
        if source in SIGNERS:
            yield Message(at=at + 600, source=source, event=event, about=about, expected="refused 401", age=600)


def _event(play: Play, source: str, number: int) -> dict[str, object]:
    if source == "datashopper":
        return leads_single(play, number)
    if source == "audience-labs":
        return import_ended(play, number, leads=0)
    if source == "clay":
        return {"event_type": "test", "event_id": play.name("evt", "signing", number)}
    customer = {"name": "Ana Teste", "email": "ana.teste@example.com", "phone": None}
    return crm_event("close", play.name("c2s", number), play.moment(number * HOUR), customer)


SCENARIOS = (
    Scenario(
        "late",
        "Events 298 s old are taken, 302 s old ones are refused, and so are those that are too early.",
        "6 drops and no more; `refused webhook` with outside_window in the intake's log",
        late,
    ),
    Scenario(
        "wrong-signature",
        "Requests that were not signed with the shared secret, or not over these bytes.",
        "only the 4 good events at the end are drops; every refusal is answered alike",
        wrong_signature,
    ),
    Scenario(
        "replayed",
        "Genuine requests caught and sent again, at once and after five minutes.",
        "one drop a source; the old request is refused, the fresh ones are duplicates",
        replayed,
    ),
)
