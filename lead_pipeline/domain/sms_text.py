"""Texts of SMS: into how many segments one falls, and cutting one so that it stays within a few.

A segment carries 160 characters of the GSM 7-bit alphabet, or 70 UTF-16 units once a text has any other character;
of a text in several segments each carries 153 or 67: 3GPP TS 23.038 and 23.040.
"""

_PLAIN = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("^{}\\[~]|€\f")
"""They take two places."""
_MORE = "..."


def segments(text: str) -> int:
    """How many segments are sent and paid for; an empty text is one. What takes two places is never torn apart."""
    is_plain = all(char in _PLAIN or char in _ESCAPED for char in text)
    sizes = [2 if (char in _ESCAPED if is_plain else ord(char) > 0xFFFF) else 1 for char in text]
    alone, part = (160, 153) if is_plain else (70, 67)
    if sum(sizes) <= alone:
        return 1
    count, used = 1, 0
    for size in sizes:
        count, used = (count + 1, size) if used + size > part else (count, used + size)
    return count


def within(text: str, most: int = 2) -> str:
    """`text`, its end cut off where it would take more than `most` segments."""
    if segments(text) <= most:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if segments(text[:middle] + _MORE) <= most else (low, middle - 1)
    return text[:low].rstrip() + _MORE
