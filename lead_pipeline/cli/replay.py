"""`lead-pipeline replay`: core tables rebuilt from the raw drops, or from Clay's answers, and compared."""

import time
from datetime import datetime

import typer

from lead_pipeline.cli.session import migrated, settings
from lead_pipeline.cli.tables import share_progress, show, stdout
from lead_pipeline.steps.replay import Replayed
from lead_pipeline.steps.replay import replay as rebuild_and_compare
from lead_pipeline.steps.replay_answers import replay_answers
from lead_pipeline.store.replay import Chosen

_console = stdout()
_DAY = ["%Y-%m-%d"]


def replay(
    *,
    since: datetime = typer.Option(None, formats=_DAY, help="First day, as in raw.drops.day."),
    until: datetime = typer.Option(None, formats=_DAY, help="Last day."),
    source: list[str] = typer.Option([], help="As in raw.drops.source; may be given more than once."),
    answers: bool = typer.Option(False, "--answers", help="Rebuild contacts, from Clay's kept answers and webhooks."),
    keep: bool = typer.Option(False, "--keep", help="Leave what was rebuilt in the schema `replay`."),
) -> None:
    """Rebuild leads, scores and assignments from the drops, compare them with core, and change nothing. Calls nobody.

    Exit code 1 where anything differs.
    """
    if answers and source:
        raise typer.BadParameter("--answers rebuilds what Clay said; it takes no --source.")
    chosen = Chosen(since.date() if since else None, until.date() if until else None, tuple(source))
    of, began = settings(), time.perf_counter()
    with migrated(of) as url, share_progress(_console) as progress:
        task = progress.add_task("Rebuilding", total=1.0)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done / max(1, total))

        if answers:
            found = replay_answers(url, chosen, keep=keep, progress=tell)
        else:
            found = rebuild_and_compare(url, of.blobs, chosen, keep=keep, progress=tell)
        progress.update(task, completed=1.0)
    _report(found, time.perf_counter() - began)
    if not found.is_identical:
        raise typer.Exit(1)


def _report(found: Replayed, seconds: float) -> None:
    columns = ("table", "in core", "rebuilt", "identical", "different", "missing", "extra")
    show(_console, f"Replay of {found.drops:,} drops", columns, (tuple(vars(table).values()) for table in found.tables))
    if found.differences:
        rows = ((one.table, one.key, one.what, ", ".join(one.columns)) for one in found.differences)
        show(_console, "The first differences", ("table", "row", "what", "columns"), rows)
    for ids, words in (
        (found.changed, "drops hold other bytes than those that arrived"),
        (found.unreadable, "drops were left out: the blob store does not hold their bytes (set BLOB_URL?)"),
        (found.incomplete, "answers were left out: the verdicts on their addresses are not kept"),
    ):
        if ids:
            _console.print(f"{len(ids)} {words}: {', '.join(map(str, ids[:20]))}", style="red", highlight=False)
    if found.archived_leads or found.archived_rows or found.archived_bodies:
        _console.print(
            f"Archived: {found.archived_leads} leads and {found.archived_rows} refused rows compared without what "
            f"retention removed; {found.archived_bodies} bodies read from the blob store.",
            highlight=False,
        )
    words = "Identical" if found.is_identical else "Not identical"
    _console.print(
        f"{words}: {found.rows:,} rows in {seconds:.1f} s, {found.rows / seconds:,.0f} rows/s, no call made."
    )
