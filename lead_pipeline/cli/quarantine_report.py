"""What a repair or a retry came to, as words and tables. Does nothing else."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from lead_pipeline.cli.tables import show
from lead_pipeline.steps.repair import Outcome
from lead_pipeline.steps.repair_file import words_of
from lead_pipeline.steps.retry_drops import Retried

_SHOWN = 20


def show_outcome(console: Console, outcome: Outcome, problems: Sequence[str], *, dry_run: bool = False) -> None:
    """Counts, the first changes of a dry run, and each row that waits on with its reasons now."""
    if dry_run:
        changes = [
            (str(one.key[0]), str(one.key[1]), name, before, after)
            for one in outcome.shown
            for name, (before, after) in one.changes.items()
        ]
        show(console, "Would change (the first rows)", ("drop", "row", "column", "before", "after"), changes)
    counts = outcome.counts
    show(
        console,
        "Would be repaired" if dry_run else "Repaired",
        ("repaired", "new leads", "known leads", "still waiting", "settled before"),
        [(outcome.repaired, counts.accepted, counts.duplicate, counts.quarantined, len(outcome.settled))],
    )
    if outcome.drop_ids and not dry_run:
        drops = ", ".join(map(str, outcome.drop_ids[:_SHOWN]))
        console.print(f"repair drops: {drops}", markup=False, highlight=False)
    if outcome.failing:
        checks = Counter((str(why["check"]), why["column"]) for _, reasons in outcome.failing for why in reasons)
        rows = [(check, column, number) for (check, column), number in checks.most_common()]
        show(console, "Still waiting, by reason", ("check", "column", "rows"), rows[:_SHOWN])
        failing = [(str(key[0]), str(key[1]), words_of(reasons)) for key, reasons in outcome.failing[:_SHOWN]]
        show(console, "Still waiting (the first rows)", ("drop", "row", "reasons"), failing)
    for problem in problems[:_SHOWN]:
        console.print(f"left out: {problem}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if len(problems) > _SHOWN:
        console.print(f"and {len(problems) - _SHOWN:,} more left out")
    if dry_run:
        console.print("Nothing was changed. Run it again without --dry-run to repair them.")


def show_retried(console: Console, retried: Retried) -> None:
    """Drops that were read again, and those that would be refused again."""
    if not (retried.read or retried.landed or retried.waiting):
        return
    counts = retried.counts
    show(
        console,
        "Drops that were refused whole",
        ("read again", "left to the next run", "still refused", "new leads", "known leads", "rows quarantined"),
        [
            (
                len(retried.read),
                len(retried.landed),
                len(retried.waiting),
                counts.accepted,
                counts.duplicate,
                counts.quarantined,
            )
        ],
    )
    for drop_id, why in list(retried.waiting.items())[:_SHOWN]:
        console.print(f"drop {drop_id} waits: {why}", style="yellow", markup=False, highlight=False, soft_wrap=True)
