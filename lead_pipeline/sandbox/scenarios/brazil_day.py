"""A day of Contact2Sale's traffic: Brazilian leads created, updated and closed, with the contacts people really give.

Shares are exact, the order is drawn: most contacts lead to one person, a tenth of the addresses is fake.
"""

from collections.abc import Iterator

from lead_pipeline.sandbox.brazil import KNOWN, brazilian
from lead_pipeline.sandbox.scenarios.events import Event, crm_event
from lead_pipeline.sandbox.scenarios.scenario import DAY, HOUR, Message, Play, Scenario
from lead_pipeline.sandbox.seeded import Draw

KINDS = {"known": 13, "unknown": 3, "fake e-mail": 2, "invalid phone": 3, "two persons": 3}
"""How many leads of a day have which contacts."""
LEADS = sum(KINDS.values())
FAKE = ("999999", "111111", "000000", "123456789")
CHANGED, UNCHANGED, CLOSED = 8, 6, 9
"""How many leads are updated with other contacts, updated with the same ones, and closed."""
REALTORS = tuple(
    {"id": f"seller-{number}", "name": name, "email": email}
    for number, (name, email) in enumerate(
        (
            ("Marina Prado", "marina.prado@agency.example"),
            ("Otávio Nunes", "otavio.nunes@agency.example"),
            ("Lúcia Sampaio", "lucia.sampaio@agency.example"),
        ),
        start=1,
    )
)
"""Who closes leads, as the CRM names its sellers."""


def brazil_day(play: Play) -> Iterator[Message]:
    """24 leads created, one an hour; 8 updates with other contacts, 6 with the same, 9 leads closed before midnight."""
    for number, kind in enumerate(kinds_of(play)):
        yield from _life(play, number, kind)


def kinds_of(play: Play) -> list[str]:
    """The kind of each lead of the day, in order of creation."""
    listed = [kind for kind, count in KINDS.items() for _ in range(count)]
    return [listed[place] for place in _shuffled(play, "kinds", LEADS)]


def _life(play: Play, number: int, kind: str) -> Iterator[Message]:
    """What is sent about one lead. Of a lead created in the last hours, what follows is pressed into the day."""
    draw = play.draw("lead", number)
    lead_id, customer = play.name("c2s", number), _customer(play, number, kind)
    at = number * HOUR + draw.below(1800)
    wrapped = draw.chance() < 0.3

    def event(action: str, when: float, who: Event, **more: object) -> Message:
        body = crm_event(action, lead_id, play.moment(when), who, **more)
        # Contact2Sale sends its lead bare or under `data`.
        return Message(at=when, source="c2s", event={"data": body} if wrapped else body, about=lead_id)

    yield event("create", at, customer, status="new", source="site")
    left = DAY - 120 - at
    place = _shuffled(play, "updates", LEADS).index(number)
    if place < CHANGED:
        changed = _customer(play, LEADS + number, "known") | {"name": customer["name"]}
        yield event("update", at + left * (0.1 + 0.2 * draw.chance()), changed, status="contacted")
    elif place < CHANGED + UNCHANGED:
        same = customer | {"phone": _written(customer["phone"], draw)}
        yield event("update", at + left * (0.1 + 0.2 * draw.chance()), same, status="visit booked")
    if _shuffled(play, "closes", LEADS).index(number) < CLOSED:
        when = at + left * (0.5 + 0.5 * draw.chance())
        seller = REALTORS[number % len(REALTORS)]
        yield event("close", when, customer, status="sold", lead_source={"name": "site"}, seller=seller)


def _customer(play: Play, number: int, kind: str) -> Event:
    """The person of a lead, with the contacts of its kind."""
    draw = play.draw("customer", number)
    # Steps through the people, so that no two leads of one play are the same person.
    person_number = (play.seed * 101 + number * 97) % KNOWN
    person = brazilian(play.people_seed, person_number + (KNOWN if kind == "unknown" else 0))
    email, phone = draw.pick(person.emails), _written(draw.pick(person.phones), draw)
    if kind == "fake e-mail":
        email = f"11{draw.pick(FAKE)}{draw.below(1000):03d}@example.com"
    elif kind == "invalid phone":
        phone = draw.pick(("119999", "+55 11 1234", "0000-0000", "(11) 98765"))
    elif kind == "two persons":
        phone = _written(brazilian(play.people_seed, (person_number + 1) % KNOWN).phones[0], draw)
    return {"name": person.name, "email": email, "phone": phone}


def _written(phone: str, draw: Draw) -> str:
    """A valid mobile number in one of the ways in which forms hold it; another one as it is."""
    digits = phone.removeprefix("+55") if phone.startswith("+55") else phone
    if not (digits.isdigit() and len(digits) == 11):
        return phone
    return draw.pick((f"+55{digits}", digits, f"({digits[:2]}) {digits[2:7]}-{digits[7:]}", f"+55 {digits}"))


def _shuffled(play: Play, what: str, count: int) -> list[int]:
    draw = play.draw("order", what)
    return [place for _, place in sorted((draw.chance(), place) for place in range(count))]


SCENARIOS = (
    Scenario(
        "brazil-day",
        "A day of Contact2Sale: 24 Brazilian leads created, some updated, some closed.",
        "asset party_enrichments: 32 enrichments, 3 of them without a CPF; one message for each of the other 29, "
        "which takes some minutes at Contact2Sale's ten requests a minute",
        brazil_day,
    ),
)
