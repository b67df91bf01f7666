"""Cells that a spreadsheet must not take for formulas or numbers, and back again, exactly.

A cell that begins with = + - @, a tab or a carriage return gets one ' in front, and so does one that has such a '
already. What a person types without it is taken as typed.
"""

import re

_SHOWN = re.compile(r"'*[=+\-@\t\r]")
_FENCED = re.compile(r"'+[=+\-@\t\r]")


def fence(cell: str) -> str:
    """The cell as a spreadsheet may show it."""
    return f"'{cell}" if _SHOWN.match(cell) else cell


def unfence(cell: str) -> str:
    """The cell that `fence` was given."""
    return cell[1:] if _FENCED.match(cell) else cell
