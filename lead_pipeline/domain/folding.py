"""Text in the forms in which it is compared: without case, and without case or accents.

Not for display, and no rule about what a value means: callers remove punctuation and words on their own.
"""

import unicodedata
from typing import Any

import pyarrow.compute as pc

from lead_pipeline.domain.arrow import ask_each, mask, put

# Latin letters that Unicode does not decompose into a base letter and an accent.
_WHOLE_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ı": "i", "ŧ": "t"}
)
_ACCENTS = dict.fromkeys(range(0x300, 0x370))


def caseless(text: str) -> str:
    """NFKC and case folding (Unicode's compatibility caseless form)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def folded(text: str) -> str:
    """The caseless form without accents on Latin, Greek and Cyrillic letters."""
    letters = caseless(text).translate(_WHOLE_LETTERS)
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", letters).translate(_ACCENTS))


def caseless_column(values: Any) -> Any:
    """`caseless` of every value of an Arrow text array; ASCII takes one kernel."""
    return _per_value(values, caseless)


def folded_column(values: Any) -> Any:
    """`folded` of every value of an Arrow text array; ASCII takes one kernel."""
    return _per_value(values, folded)


def _per_value(values: Any, form: Any) -> Any:
    lowered = pc.ascii_lower(values)
    other = ~mask(pc.fill_null(pc.string_is_ascii(values), True))
    if not other.any():
        return lowered
    return put(lowered, other, ask_each(values.filter(other), lambda value: (form(value),))[0])
