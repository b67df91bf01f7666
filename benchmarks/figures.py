"""What a benchmark answers: figures with their bars, as a table and as `latest.json`. Measures nothing."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

LATEST = Path(__file__).with_name("latest.json")


@dataclass(frozen=True)
class Figure:
    """One measured number. `bar` is the most that it may be; None where it is only reported."""

    name: str
    figure: float
    unit: str
    bar: float | None = None

    @property
    def met(self) -> bool | None:
        return None if self.bar is None else self.figure <= self.bar


def show(console: Console, figures: Sequence[Figure]) -> None:
    """Print the figures beside their bars; `ratio` is the share of the bar that was used."""
    table = Table(box=SIMPLE_HEAD)
    for title in ("name", "figure", "unit", "bar", "met", "ratio"):
        table.add_column(title, justify="left" if title in ("name", "unit") else "right", overflow="fold")
    for one in figures:
        judged = ("-", "-", "-")
        if one.bar is not None:
            judged = (f"{one.bar:,g}", "yes" if one.met else "NO", f"{one.figure / one.bar:.2f}" if one.bar else "-")
        table.add_row(one.name, f"{one.figure:,.3f}", one.unit, *judged)
    console.print(table)


def keep(figures: Sequence[Figure], path: Path = LATEST) -> None:
    """Write the figures; those of benchmarks that did not run this time stay as they were."""
    before = json.loads(path.read_text()) if path.is_file() else []
    entries = {entry["name"]: entry for entry in before}
    for one in figures:
        entries[one.name] = {**asdict(one), "figure": round(one.figure, 4), "met": one.met}
    path.write_text(json.dumps(list(entries.values()), indent=2) + "\n")
