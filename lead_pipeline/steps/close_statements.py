"""Months of usage that are over, closed once: what each channel cost each workspace, in whole minor units that sum."""

from collections import defaultdict
from datetime import timedelta

from lead_pipeline.domain.usage import statement_lines
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.usage import ClosedLine, StatementLine, save_closed, unclosed

GRACE = timedelta(hours=1)
"""After the end of a month, for messages whose settling was under way."""


def close_statements(url: str, run: Run) -> int:
    """Close every month (UTC) that is over and was not closed, all of them in one transaction.

    Returns how many statements, one a workspace, month and currency, were made; none of a month without messages.
    """
    now = run.clock()
    before = (now - GRACE).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    statements: defaultdict[tuple[object, ...], list[StatementLine]] = defaultdict(list)
    with connect(url) as conn:
        for line in unclosed(conn, before):
            statements[line.workspace_id, line.month, line.currency].append(line)
        closed = [
            ClosedLine(**vars(line), total_minor=minor, closed_at=now)
            for lines in statements.values()
            for line, minor in _rounded(lines)
        ]
        save_closed(conn, closed, run_id=run.run_id)
    return len(statements)


def _rounded(lines: list[StatementLine]) -> list[tuple[StatementLine, int]]:
    """The lines of one statement, one a channel, with their minor units."""
    micros = {line.channel: [line.base_micros + line.markup_micros] for line in lines}
    shared = statement_lines(micros, lines[0].currency)
    return [(line, shared[line.channel][0]) for line in lines]
