"""Results as plain tables. Only the look: what is in them comes from the commands."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table


def stdout(file: TextIO | None = None) -> Console:
    """A console on standard output, as wide as tables need where nobody looks at a terminal.

    Without `file` it follows sys.stdout wherever that is led to.
    """
    return Console(file=file, width=None if sys.stdout.isatty() else 120)


def show(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table; numbers are set right, with thousands separated."""
    table = Table(box=SIMPLE_HEAD)
    listed = [list(row) for row in rows]
    for position, column in enumerate(columns):
        numeric = bool(listed) and all(isinstance(row[position], int | float) for row in listed)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold", no_wrap=numeric)
    for row in listed:
        table.add_row(*(_text(value) for value in row))
    console.print(title, style="bold", highlight=False)
    console.print(table)


def steps_progress(console: Console) -> Progress:
    """A bar over a known number of steps."""
    return Progress(
        TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def share_progress(console: Console) -> Progress:
    """A bar over a share of something, 0 to 1."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), console=console
    )


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
