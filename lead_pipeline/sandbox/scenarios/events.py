"""The events of each vendor, as bodies: made-up companies and people in the vendor's own fields.

Says what a body is, not when it is sent nor what is wrong with it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from lead_pipeline.sandbox.companies import generate_companies
from lead_pipeline.sandbox.people import people_at
from lead_pipeline.sandbox.scenarios.scenario import Play

Event = dict[str, Any]
_COMPANIES = 1200


@lru_cache(maxsize=4)
def _companies(seed: int) -> list[dict[Any, Any]]:
    return generate_companies(_COMPANIES, seed).fillna("").to_dict("records")


def lead(play: Play, number: int) -> Event:
    """The `number`-th lead of a play: a person of a made-up company, with one to three signals.

    A company comes again after 1200 leads, with a person of another address.
    """
    company = _companies(play.people_seed)[(number * 7 + play.seed) % _COMPANIES]
    draw = play.draw("lead", number)
    first, last = draw.pick(_FIRST_NAMES), draw.pick(_LAST_NAMES)
    # Letters, because a row of equal digits would pass for a fake address.
    tag = "".join(draw.pick("abcdefghijklmnopqrstuvwxyz") for _ in range(6))
    host = domain_of(company["website"])
    signals = ("visited_competitor_site", "high"), ("webinar_attendance", "medium"), ("social_engagement", "low")
    return {
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{last}.{tag}@{host}".lower(),
        "job_title": draw.pick(("CEO", "CTO", "VP Sales", "IT Director", "Owner")),
        "company_name": company["name"],
        "company_industry": company["industry"] or company["sector"],
        "website": host,
        "company_location": {
            "city": company["city"],
            "state": company["state"],
            "country": company["country"],
        },
        "signals": [
            {"signal_type": kind, "signal_strength": strength, "detected_at": play.moment(0)}
            for kind, strength in signals[: 1 + draw.below(3)]
        ],
    }


def leads_single(play: Play, number: int) -> Event:
    """DataShopper's event of one lead."""
    return {
        "event_type": "leads.single",
        "event_id": play.name("evt", "single", number),
        "lead": lead(play, number),
    }


def leads_batch(play: Play, numbers: Sequence[int]) -> Event:
    """DataShopper's event of several leads."""
    return {
        "event_type": "leads.batch",
        "event_id": play.name("evt", "batch", *numbers),
        "leads": [lead(play, number) for number in numbers],
    }


def import_batch(play: Play, import_number: int, batch: int, numbers: Sequence[int]) -> Event:
    """Audience Labs' event of a batch of an import. Its `timestamp` is put in when it is sent."""
    return {
        **_import_event(play, "import.batch", import_number, batch),
        "batch": batch,
        "leads": [lead(play, number) for number in numbers],
    }


def import_ended(play: Play, import_number: int, *, leads: int, error: str | None = None) -> Event:
    """Audience Labs' event at the end of an import: completed, or failed where there is an `error`."""
    if error is None:
        return {**_import_event(play, "import.completed", import_number), "total_leads": leads}
    return {**_import_event(play, "import.failed", import_number), "error": error}


def enrichment_completed(play: Play, number: int, domain: str) -> Event:
    """Clay's event with the people that it found at a domain."""
    return {
        "event_type": "enrichment.completed",
        "event_id": play.name("evt", "completed", number),
        "domain": domain,
        "contacts": people_at(play.people_seed, domain)[:5],
    }


def enrichment_failed(play: Play, number: int, domain: str) -> Event:
    """Clay's event where it found nobody at a domain."""
    return {
        "event_type": "enrichment.failed",
        "event_id": play.name("evt", "failed", number),
        "domain": domain,
        "reason": "no data source knows this domain",
    }


def crm_event(action: str, lead_id: str, updated_at: str, customer: Event, **attributes: Any) -> Event:
    """Contact2Sale's event: `action` is create, update or close."""
    return {
        "id": lead_id,
        "hook_action": f"on_{action}_lead",
        "attributes": {"updated_at": updated_at, "customer": customer, **attributes},
    }


def domain_of(website: str) -> str:
    """The host of a website, without `www.`."""
    return website.rpartition("//")[2].partition("/")[0].lower().removeprefix("www.")


def _import_event(play: Play, event_type: str, import_number: int, *parts: object) -> Event:
    return {
        "event_type": event_type,
        "event_id": play.name("evt", event_type, import_number, *parts),
        "import_id": play.name("import", import_number),
    }


_FIRST_NAMES = ("Ada", "Grace", "Linus", "Edsger", "Barbara", "Alan", "Radia", "Ken", "Margaret", "Tim")
_LAST_NAMES = ("Lovelace", "Hopper", "Benedict", "Dykstra", "Lisk", "Mathis", "Perl", "Thorn", "Hamill", "Burns")
