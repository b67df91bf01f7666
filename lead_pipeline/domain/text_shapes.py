"""The shape of a text: a number, a date, an address, upper or lower case. Says nothing of what the text is.

A shape is one word of SHAPES. Changes of a format or of an enum's case are seen in it, and no text need be kept.
"""

import re

_ADDRESSES = ("uuid", "email", "url", "host")
CASES = (
    frozenset({"lower", "upper", "title", "sentence", "mixed"}),
    frozenset({"code", "upper_code"}),
    *(frozenset({shape, f"upper_{shape}"}) for shape in _ADDRESSES),
)
"""Shapes that differ by case only."""

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (shape, re.compile(pattern))
    for shape, pattern in (
        ("global_phone", r"\+\d{7,15}"),
        ("integer", r"[-+]?\d+"),
        ("decimal", r"[-+]?\d+[.,]\d+"),
        ("zoned_time", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(?:Z|[-+]\d\d:?\d\d)"),
        ("time", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*"),
        ("date", r"\d{4}-\d\d-\d\d"),
        ("other_date", r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}.*"),
        ("uuid", r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
        ("email", r"[^\s@]+@[^\s@]+"),
        ("url", r"[a-zA-Z][a-zA-Z+]*://\S+"),
        ("phone", r"\+?[\d\s().-]{7,}"),
        ("amount", r"[^\w\s]{0,3}\s?[A-Z]{0,3}\$?\s?[-+]?\d[\d.,\s]*\s?[a-zA-Z%€]{0,3}"),
        ("host", r"(?:[\w-]+\.)+[a-zA-Z]{2,}(?:/\S*)?"),
        ("code", r"[a-z0-9]+(?:[_:.-][a-z0-9]+)+"),
        ("upper_code", r"[A-Z0-9]+(?:[_:.-][A-Z0-9]+)+"),
    )
)
_LETTERS = ("lower", "upper", "title", "sentence", "mixed", "other")
SHAPES = ("blank", *(shape for shape, _ in _PATTERNS), *(f"upper_{shape}" for shape in _ADDRESSES), *_LETTERS)
_LONGEST = 200  # of a longer text the beginning tells the shape


def shape_of(text: str) -> str:
    """One of SHAPES, the first that fits."""
    stripped = text[:_LONGEST].strip()
    if not stripped:
        return "blank"
    for shape, pattern in _PATTERNS:
        if pattern.fullmatch(stripped):
            return f"upper_{shape}" if shape in _ADDRESSES and stripped.isupper() else shape
    return _case_of(stripped)


def _case_of(text: str) -> str:
    if text.islower():
        return "lower"
    if text.isupper():
        return "upper"
    words = [word for word in re.split(r"[\s/&,-]+", text) if word[:1].isalpha()]
    if not words:
        return "other"
    if all(word[0].isupper() for word in words):
        return "title"
    return "sentence" if words[0][0].isupper() else "mixed"
