"""What vendors send on an ordinary day, month after month: payloads with variety, a week's rhythm and no drift.

Made from a seed, the same for the same seed and day. Optional fields come at their rates, more seldom on weekends;
batches come from a few searches whose leads are alike; some fields have a long tail. No payload is drifted: `drifting`.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from lead_pipeline.sandbox.company_words import FIRST_WORDS, INDUSTRIES, PLACES, SECOND_WORDS
from lead_pipeline.sandbox.people import FIRST_NAMES, LAST_NAMES, POSTS
from lead_pipeline.sandbox.seeded import Draw
from lead_pipeline.sandbox.signals import SOURCES, STRENGTHS

Json = dict[str, Any]
_SATURDAY, _SUNDAY = 5, 6


class Sent(NamedTuple):
    """One payload as its vendor sends it."""

    source: str
    event_type: str
    payload: Json


class _Moment(NamedTuple):
    draw: Draw
    day: dt.date
    is_weekend: bool

    def has(self, rate: float, on_weekends: float | None = None) -> bool:
        return self.draw.chance() < (rate if on_weekends is None or not self.is_weekend else on_weekends)

    def among(self, lowest: int, highest: int) -> int:
        return lowest + self.draw.below(highest - lowest + 1)

    def time(self) -> str:
        second = self.draw.below(86_400)
        return (dt.datetime.combine(self.day, dt.time()) + dt.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def clean_day(seed: int, source: str, day: dt.date, *, share: float = 1.0) -> Iterator[Sent]:
    """The payloads of a vendor's day in the order in which they come; `share` of them where a day is to be smaller."""
    for event_type, (count, _) in _EVENTS[source].items():
        weekend = {_SATURDAY: 0.45, _SUNDAY: 0.3}.get(day.weekday(), 1.0)
        wavers = 0.8 + 0.4 * Draw(seed, "volume", source, event_type, day).chance()
        for number in range(round(count * weekend * wavers * share)):
            yield clean_payload(seed, source, event_type, day, number)


def clean_payload(seed: int, source: str, event_type: str, day: dt.date, number: int) -> Sent:
    """The payload of that number of a day, also beyond those that the day has."""
    draw = Draw(seed, "payload", source, event_type, day, number)
    make = _EVENTS[source][event_type][1]
    return Sent(source, event_type, make(_Moment(draw, day, day.weekday() >= _SATURDAY)))


def _datashopper(at: _Moment) -> Json:
    # Standing searches come and go: every second week one of eight gives way to another.
    search = at.draw.below(8)
    sector = tuple(INDUSTRIES)[(search + at.day.toordinal() // 14) % len(INDUSTRIES)]
    return {
        "event_type": "leads.batch",
        "event_id": f"evt-{at.draw.below(10**12)}",
        "workspace_id": "acme",
        "leads": [_shopper_lead(at, sector, search) for _ in range(at.among(1, 12))],
    }


def _shopper_lead(at: _Moment, sector: str, search: int) -> Json:
    country, state, city, zipcode = PLACES[at.draw.below(8)] if search < 3 else at.draw.pick(PLACES)
    first, last = at.draw.pick(FIRST_NAMES), at.draw.pick(LAST_NAMES)
    company = _company(at)
    host = f"{company.split()[0].lower()}{at.draw.below(9000)}.example"
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{first[0].lower()}{at.draw.below(10**5)}@{host}" if at.has(0.93) else None,
        "phone": f"+1 212 555 {at.among(1000, 9999)}" if at.has(0.72, 0.6) else None,
        **({"job_title": at.draw.pick(POSTS)[0]} if at.has(0.85, 0.7) else {}),
        "company_name": company,
        "company_industry": at.draw.pick(INDUSTRIES[sector]),
        "company_location": {"city": city, "state": state or None, "country": country, "postal_code": zipcode},
        "website": f"https://www.{host}",
        "employee_count": int(10 ** (1 + 3.5 * at.draw.chance())),
        "revenue": int(10 ** (5 + 4 * at.draw.chance())) if at.has(0.8) else None,
        "signals": [_signal(at) for _ in range(at.among(0, 5))],
    }


def _signal(at: _Moment) -> Json:
    kind = at.draw.pick(tuple(STRENGTHS))
    when = at.day - dt.timedelta(days=at.among(1, 30))
    moment = _Moment(at.draw, when, at.is_weekend)
    return {
        "signal_type": kind,
        "signal_strength": STRENGTHS[kind],
        "detected_at": moment.time(),
        "source": SOURCES[kind],
    }


def _clay(at: _Moment) -> Json:
    company = _company(at)
    return {
        "event_type": "enrichment.completed",
        "event_id": f"cl_{at.draw.below(10**12)}",
        "lead_id": _uuid(at),
        "domain": f"{company.split()[0].lower()}{at.draw.below(9000)}.example",
        "enriched_at": at.time(),
        "credits_used": at.among(1, 6),
        "company": {"headcount": int(10 ** (1 + 3 * at.draw.chance())), "founded": at.among(1950, 2022)},
        "contacts": [_clay_contact(at) for _ in range(at.among(0, 6))],
    }


def _clay_contact(at: _Moment) -> Json:
    title, seniority, department = at.draw.pick(POSTS)
    first, last = at.draw.pick(FIRST_NAMES), at.draw.pick(LAST_NAMES)
    return {
        "full_name": f"{first} {last}",
        "email": f"{last.lower()}{at.draw.below(10**5)}@mail.example" if at.has(0.88) else None,
        "title": title,
        "seniority": seniority,
        "department": department,
        "confidence": round(0.4 + 0.6 * at.draw.chance(), 2),
        "linkedin_url": f"https://linkedin.example/in/{last.lower()}-{at.draw.below(10**6)}" if at.has(0.65) else None,
    }


def _audience(at: _Moment) -> Json:
    segment = at.draw.pick(("home-buyers", "auto-intenders", "small-business", "retirees", "movers"))
    return {
        "event_type": "import.batch",
        "id": f"imp-{at.draw.below(10**9)}",
        "workspace_id": "acme",
        "timestamp": at.time(),
        "segment": segment,
        "leads": [_audience_lead(at, segment) for _ in range(at.among(1, 20))],
    }


def _audience_lead(at: _Moment, segment: str) -> Json:
    _, state, city, zipcode = PLACES[at.draw.below(14)]
    first, last = at.draw.pick(FIRST_NAMES), at.draw.pick(LAST_NAMES)
    older = 25 if segment == "retirees" else 0
    return {
        "firstName": first,
        "lastName": last,
        "email": f"{last.lower()}{at.draw.below(10**5)}@post.example" if at.has(0.9) else None,
        "phone": f"(305) 555-{at.among(1000, 9999)}" if at.has(0.6, 0.45) else "",
        "age": at.among(22 + older, 60 + older),
        "householdIncome": str(int(10 ** (4.2 + 1.2 * at.draw.chance()))),
        "intentScore": at.among(1, 100),
        "gender": at.draw.pick(("female", "male")),
        "homeOwner": at.has(0.6),
        "companyLocation": {"city": city, "state": state, "country": "US", "postalCode": zipcode},
        **({"companyIndustry": at.draw.pick(tuple(INDUSTRIES))} if at.has(0.4) else {}),
        "note": " ".join(at.draw.pick(FIRST_WORDS).lower() for _ in range(at.among(2, 14))),
    }


def _crm(at: _Moment) -> Json:
    first, last = at.draw.pick(FIRST_NAMES), at.draw.pick(LAST_NAMES)
    digits = f"119{at.among(10_000_000, 99_999_999)}"
    return {
        "id": str(at.draw.below(10**7)),
        "hook_action": "on_create_lead",
        "attributes": {
            "created_at": at.time(),
            "updated_at": at.time(),
            "status": at.draw.pick(("new", "new", "new", "contacted", "visiting")),
            "temperature": at.draw.pick(("hot", "warm", "cold")),
            "is_recurring": at.has(0.2, 0.3),
            "source": {"name": at.draw.pick(("portal", "site", "social", "walk-in")), "channel": "web"},
            "customer": {
                "name": f"{first} {at.draw.pick(LAST_NAMES)} {last}",
                "email": f"{last.lower()}{at.draw.below(10**5)}@correio.example" if at.has(0.8, 0.65) else None,
                "phone": digits if at.has(0.95) else None,
                **({"phone2": f"113{at.among(1_000_000, 9_999_999)}"} if at.has(0.15) else {}),
                "city": at.draw.pick(("Sao Paulo", "Osasco", "Santos", "Campinas")),
            },
            "product": {"price": at.among(180, 2400) * 1000, "type": at.draw.pick(("house", "apartment", "land"))},
            "message": " ".join(at.draw.pick(SECOND_WORDS).lower() for _ in range(at.among(3, 18))),
            **({"tags": [at.draw.pick(("vip", "return", "loan"))]} if at.has(0.05) else {}),
        },
    }


def _company(at: _Moment) -> str:
    return f"{at.draw.pick(FIRST_WORDS)} {at.draw.pick(SECOND_WORDS)}{at.draw.pick((', Inc.', ' LLC', ' GmbH', ''))}"


def _uuid(at: _Moment) -> str:
    digits = f"{at.draw.below(1 << 62):016x}{at.draw.below(1 << 62):016x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


_EVENTS: Mapping[str, Mapping[str, tuple[int, Callable[[_Moment], Json]]]] = {
    "datashopper": {"leads.batch": (60, _datashopper)},
    "clay": {"enrichment.completed": (110, _clay)},
    "audience-labs": {"import.batch": (40, _audience)},
    "c2s": {"on_create_lead": (120, _crm)},
}
EVENT_OF: Mapping[str, str] = {source: next(iter(events)) for source, events in _EVENTS.items()}
"""The vendors, and the event that each of them sends most."""
