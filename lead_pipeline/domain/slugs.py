"""Slugs: a name as it stands in an address, of small ASCII letters, digits and hyphens. Knows none that is taken."""

import re
from itertools import count
from uuid import UUID

from lead_pipeline.domain.folding import folded

LONGEST = 60
_LONGEST_OF_A_NAME = 50  # room for the number of one that is taken
_OTHER = re.compile("[^a-z0-9]+")
_SLUG = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


def slug_of(name: str, *, otherwise: str) -> str:
    """The slug of a name; `otherwise` where no letter of it is left, or it reads like an id."""
    slug = _OTHER.sub("-", folded(name)).strip("-")[:_LONGEST_OF_A_NAME].rstrip("-")
    return otherwise if not slug or as_uuid(slug) is not None else slug


def is_slug(text: str) -> bool:
    """Whether a text can be a slug: words of a-z and 0-9 joined by hyphens, and no id."""
    return len(text) <= LONGEST and _SLUG.fullmatch(text) is not None and as_uuid(text) is None


def free_slug(slug: str, taken: set[str]) -> str:
    """The slug, else it with the least number from 2 on that is not taken."""
    if slug not in taken:
        return slug
    return next(one for number in count(2) if (one := f"{slug}-{number}") not in taken)


def as_uuid(text: str) -> str | None:
    """The canonical form of a UUID written with its hyphens; None for any other text."""
    if len(text) != 36:
        return None
    try:
        return str(UUID(text)) if str(UUID(text)) == text.lower() else None
    except ValueError:
        return None


def as_slug(text: str) -> str | None:
    """The text where it can be a slug, so that nothing else is looked up; None for any other."""
    return text if is_slug(text) else None
