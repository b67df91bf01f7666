"""Words that somebody else chose, made harmless to show: no line of their own, no hidden direction, no live link.

Pure. What a format asks for on top (HTML, JSON) is escaped where that format is written.
"""

import re
import unicodedata
from urllib.parse import quote, urlsplit

LONGEST = 200
"""Characters of a name or other single line."""
LONGEST_TEXT = 5_000
"""Characters of a text that may have lines."""
MOST_MARKS = 4
"""Combining marks in a row; a stack of more climbs over the lines above it."""
_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_LINE_ENDS = re.compile("\r\n|[\n\v\f\r\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
_JOINERS = "\u200c\u200d"
_HIDDEN_MARKS = re.compile("[\u115f\u1160\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_PHRASE = re.compile(r"[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*")


def one_line(text: str, longest: int = LONGEST) -> str:
    """`text` on one line, at most `longest` characters, without what is not seen or turns the text around."""
    if text.isascii() and text.isprintable():
        return _bounded((_SPACES.sub(" ", text) if "  " in text else text).strip(), longest)
    return _bounded(_SPACES.sub(" ", _seen(_BREAKS.sub(" ", text))).strip(), longest)


def lines(text: str, longest: int = LONGEST_TEXT) -> str:
    """The same with its lines kept, at most one of them empty in a row."""
    each = [one_line(line, longest) for line in _LINE_ENDS.split(text[: longest * 2])]
    return _bounded(re.sub(r"\n{3,}", "\n\n", "\n".join(each)).strip(), longest)


def slack_text(text: str) -> str:
    """Slack's three control characters escaped: <https://docs.slack.dev/messaging/formatting-message-text>."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def web_link(url: str | None) -> str | None:
    """An http or https address that a link may lead to, None for any other (`javascript:`, a host with a user)."""
    if url is None or not url.isascii() or not url.isprintable() or re.search(r"[\s\"'<>\\`]", url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and host and "@" not in parts.netloc else None


def mail_link(address: str | None) -> str | None:
    """A `mailto:` link to a plain address, None for what is none."""
    if address is None or _ADDRESS.fullmatch(address) is None:
        return None
    return f"mailto:{quote(address, safe='@')}"


def phone_link(number: str | None) -> str | None:
    """A `tel:` link to a number in E.164, None for what is none."""
    return None if number is None or _NUMBER.fullmatch(number) is None else f"tel:{number}"


def mailbox(name: str, address: str) -> str:
    """`name <address>` for a From header: the name on one line, quoted where its characters ask for it."""
    plain = one_line(re.sub(r'[\\"<>@]', " ", one_line(name)), 78)
    if not plain:
        return address
    return f"{plain} <{address}>" if _PHRASE.fullmatch(plain) else f'"{plain}" <{address}>'


def _seen(text: str) -> str:
    """Without controls, format characters (bidirectional ones among them), lone surrogates and stacks of marks."""
    kept: list[str] = []
    marks = 0
    for place, char in enumerate(text):
        category = unicodedata.category(char)
        if category in ("Cc", "Cs", "Cn", "Co"):
            continue
        if category == "Cf" and not (char in _JOINERS and _joins(text, place)):
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            kept.append(char)
    return _HIDDEN_MARKS.sub("", "".join(kept))


def _joins(text: str, place: int) -> bool:
    """A joiner means something between two characters of a script that joins, and within emoji."""
    around = text[place - 1 : place] + text[place + 1 : place + 2]
    return len(around) == 2 and all(ord(char) > 0x2FF and unicodedata.category(char)[0] in "LMS" for char in around)


def _bounded(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    cut = text[: longest - 1].rstrip()
    while cut and (unicodedata.category(cut[-1])[0] == "M" or cut[-1] in _JOINERS):
        cut = cut[:-1]
    return f"{cut}…"
