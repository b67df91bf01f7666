"""Clay's people: who works at a domain, whom a filter leaves, and whether an address works. No HTTP.

Every address is made up and lies under example.com.
"""

import re
import unicodedata
from collections.abc import Sequence

from lead_pipeline.sandbox.seeded import Draw

MOST = 9
# (title, seniority, department), most senior first: people are answered in this order.
POSTS = (
    ("CEO", "executive", "Management"),
    ("CTO", "executive", "Engineering"),
    ("CFO", "executive", "Finance"),
    ("VP Sales", "executive", "Sales"),
    ("VP Marketing", "executive", "Marketing"),
    ("Director of Operations", "director", "Operations"),
    ("Director, Procurement", "director", "Procurement"),
    ("IT Director", "director", "Engineering"),
    ("Sales Manager", "manager", "Sales"),
    ("Account Executive", "senior", "Sales"),
    ("Software Engineer", "senior", "Engineering"),
    ("Office Assistant", "entry", "Operations"),
)
FIRST_NAMES = (
    "Jane", "John", "Maria", "Wei", "Amara", "Jürgen", "Aisha", "Carlos", "Emily", "Noah", "Zoë",
    "Priya", "Kenji", "Olivia", "Lars", "Fatima", "Daniel", "Chloé", "Ivan", "Grace",
)  # fmt: skip
LAST_NAMES = (
    "Doe", "Smith", "García", "Chen", "Okafor", "Müller", "Khan", "Silva", "Johnson", "Dubois", "Tanaka",
    "Patel", "O'Neill", "Andersen", "Rossi", "Brown", "Novak", "Kim", "Santos", "Taylor",
)  # fmt: skip


def people_at(seed: int, domain: str) -> list[dict[str, str | None]]:
    """0 to 9 people, each with a post and an address of their own, always the same ones for a domain."""
    domain = domain.strip().lower()
    draw = Draw(seed, "people", domain)
    host = f"{dns_label(domain)}.example.com"
    count = draw.below(MOST + 1)
    posts = sorted(sorted(range(len(POSTS)), key=lambda _: draw.chance())[:count])
    people: list[dict[str, str | None]] = []
    taken: set[str] = set()
    for place, post in enumerate(posts):
        title, seniority, department = POSTS[post]
        first, last = draw.pick(FIRST_NAMES), draw.pick(LAST_NAMES)
        local = f"{plain(first)}.{plain(last)}"
        local = f"{local}{place}" if local in taken else local
        taken.add(local)
        people.append(
            {
                "full_name": f"{first} {last}",
                "email": f"{local}@{host}",
                "title": title,
                "seniority": seniority,
                "department": department,
                "linkedin_url": None,
            }
        )
    return people


def chosen(
    people: Sequence[dict[str, str | None]], *, titles: Sequence[str], seniorities: Sequence[str], limit: int
) -> list[dict[str, str | None]]:
    """The people with any of the words in their title and any of the seniorities; () does not constrain.

    Whole words: `CTO` does not find a direCTOr.
    """
    pattern = "|".join(rf"(?<!\w){re.escape(title.strip())}(?!\w)" for title in titles if title.strip())
    found = re.compile(pattern, re.IGNORECASE)
    return [
        person
        for person in people
        if found.search(person["title"] or "") and (not seniorities or person["seniority"] in seniorities)
    ][:limit]


def verdict(seed: int, email: str) -> str:
    """`valid` for about 90 % of the addresses, `invalid` and `unknown` for 5 % each."""
    local, _, host = email.strip().lower().rpartition("@")
    if not local or not host:
        return "invalid"
    share = Draw(seed, "verify", f"{local}@{host}").chance()
    return "valid" if share < 0.90 else "invalid" if share < 0.95 else "unknown"


def dns_label(domain: str) -> str:
    """The domain's first label, without `www.`, in letters, digits and inner hyphens, at most 63 of them."""
    first = domain.strip().lower().removeprefix("www.").partition(".")[0]
    return re.sub(r"[^a-z0-9]+", "-", _fold(first)).strip("-")[:63].rstrip("-") or "company"


def plain(name: str) -> str:
    """A name in the letters a to z, as addresses spell it."""
    return re.sub(r"[^a-z]", "", _fold(name).lower())


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
