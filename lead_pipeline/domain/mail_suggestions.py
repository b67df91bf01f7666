"""The domain that may have been meant where one is a slip of a well-known mail domain: gmial.com, hotmail.con.

A suggestion for people to look at; no address is ever changed by it. Asks nobody whether a domain exists.
"""

from collections.abc import Iterator
from functools import cache
from itertools import product
from string import ascii_lowercase, digits
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import ARROW_TEXT, matches, put
from lead_pipeline.domain.mail_domains import DISPOSABLE_DOMAINS, FREE_MAIL_DOMAINS

# Names that are no word of any language: what lies beside `terra` or `live` may well be a company.
_WELL_KNOWN = """
    bellsouth.net comcast.net gmail.com googlemail.com hotmail.ca hotmail.co.uk hotmail.com hotmail.com.br
    hotmail.de hotmail.es hotmail.fr hotmail.it icloud.com outlook.com outlook.com.br outlook.de outlook.es
    outlook.fr protonmail.com rocketmail.com sbcglobal.net yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com
    yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.mx yahoo.de yahoo.es yahoo.fr yahoo.in yahoo.it
"""
_MORE_THAN_ONE_EDIT = {
    "gmail.br": "gmail.com",
    "gmail.co.uk": "gmail.com",
    "gmail.com.br": "gmail.com",
    "gmail.com.com": "gmail.com",
    "gmail.net": "gmail.com",
    "gmail.org": "gmail.com",
    "hotmail.com.com": "hotmail.com",
    "icloud.com.br": "icloud.com",
    "yahoo.com.com": "yahoo.com",
}
# Of _mail.com and _cloud.com only those count as slips whose key is beside g and i.
_NAMES_OF_THEIR_OWN = frozenset(
    {f"{letter}mail.com" for letter in set(ascii_lowercase) - set("fhtvb")}
    | {f"{letter}cloud.com" for letter in ["", *(set(ascii_lowercase) - set("uojk"))]}
    | {"gail.com", "gmails.com", "hotmails.com", "mail.de", "outlooks.com", "wahoo.com"}
)
# Top-level domains that are none, so that whoever wrote one meant `.com`.
_NO_ENDING = r"\.(?:con|cmo|ocm|vom|xom|cpm|comm|coom)(\.[a-z]{2})?$"
_LETTERS = (*ascii_lowercase, *digits, "-", ".")


def suggest_domains(domains: Any) -> Any:
    """An Arrow text array as long as `domains` (distinct, in lower case): the one that may be meant, else null.

    One edit (a character more, less or other, or two neighbours exchanged) away from a well-known domain, a listed
    slip, or a free-mail domain whose `.com` is spelt as an ending that does not exist. Never for a domain that is
    itself a known mail domain or a name of its own, and never where two well-known ones are as near.
    """
    slips = _slips()
    meant = pa.array(map(slips.get, domains.to_pylist()), ARROW_TEXT)
    no_ending = matches(domains, _NO_ENDING)
    if not no_ending.any():
        return meant
    mended = pc.replace_substring_regex(domains.filter(pa.array(no_ending)), _NO_ENDING, r".com\1").to_pylist()
    answers = [domain if domain in FREE_MAIL_DOMAINS else slips.get(domain) for domain in mended]
    return put(meant, no_ending, pa.array(answers, ARROW_TEXT))


def edits(text: str) -> Iterator[str]:
    """Everything one edit away from a text; some of it twice, and the text itself too."""
    for place in range(len(text) + 1):
        head, tail = text[:place], text[place:]
        for letter in _LETTERS:
            yield head + letter + tail
            yield head + letter + tail[1:]
        yield head + tail[1:]
        yield head + tail[1:2] + tail[:1] + tail[2:]


@cache
def _slips() -> dict[str, str]:
    """Each slip to the one domain that it can be of."""
    known = FREE_MAIL_DOMAINS | DISPOSABLE_DOMAINS | _NAMES_OF_THEIR_OWN
    found: dict[str, set[str]] = {}
    for domain in _WELL_KNOWN.split():
        # hotmail.com.ar is no slip of hotmail.com.br: a country's two letters are taken as they are.
        has_country = len(domain.rpartition(".")[2]) == 2
        edited, country = (domain[:-3], domain[-3:]) if has_country else (domain, "")
        for slip, ending in product(edits(edited), (country,)):
            found.setdefault(slip + ending, set()).add(domain)
    one = {slip: next(iter(domains)) for slip, domains in found.items() if len(domains) == 1 and slip not in known}
    return one | _MORE_THAN_ONE_EDIT
