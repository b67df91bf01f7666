"""Invite codes: eight characters that nobody confuses, by which buyers and suppliers find their seller. Kept elsewhere.

Without I, O, 0 and 1: 32 characters, so 40 bits a code.
"""

import re
from collections.abc import Callable

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 8
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


def new_code(choose: Callable[[str], str]) -> str:
    """A code of characters that `choose` picks from the alphabet, one at a time (`secrets.choice`)."""
    return "".join(choose(ALPHABET) for _ in range(LENGTH))


def read_code(text: str) -> str | None:
    """A code as somebody typed it, in capitals and without spaces or hyphens; None where it can be none."""
    code = re.sub(r"[\s-]", "", text).upper()
    return code if _CODE.fullmatch(code) else None
