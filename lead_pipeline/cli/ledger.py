"""`lead-pipeline ledger`: prove the books, seal days, and print what moved a buyer's wallet."""

from datetime import UTC, date, datetime, timedelta

import typer

from lead_pipeline.cli.session import connected, migrated
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.domain.money import decimal_text
from lead_pipeline.errors import NotFound
from lead_pipeline.steps.seal_ledger import seal_days
from lead_pipeline.steps.verify_ledger import Verified
from lead_pipeline.steps.verify_ledger import verify as verify_ledger
from lead_pipeline.store.statements import buyer_named, statement

app = typer.Typer(help="The ledger: prove it, seal its days, print a buyer's statement.", no_args_is_help=True)
_console = stdout()


@app.command()
def verify() -> None:
    """Prove every entry, balance and seal; name the day and entry of the first that is wrong, with exit code 1."""
    with migrated() as url:
        proved = verify_ledger(url, _say)
    _say(_result(proved))


@app.command()
def seal(
    until: datetime | None = typer.Option(None, formats=["%Y-%m-%d"], help="Last UTC day, yesterday by default."),
) -> None:
    """Seal each day that has ended and is not sealed yet: a digest of its entries, chained to the day before."""
    last = until.date() if until else datetime.now(UTC).date() - timedelta(days=1)
    with migrated() as url:
        made = seal_days(url, last, _say)
    _say(f"{len(made)} days were sealed." if made else f"Nothing was left to seal until {last}.")


@app.command("statement")
def statement_(
    buyer: str = typer.Argument(..., help="Id or name."),
    month: datetime | None = typer.Option(None, formats=["%Y-%m"], help="In UTC, this month by default."),
) -> None:
    """Print what a buyer's wallet held, every line that moved it, and what it held then."""
    since = (month or datetime.now(UTC)).replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    until = (since + timedelta(days=31)).replace(day=1)
    with connected() as conn:
        found = buyer_named(conn, buyer)
        if found is None:
            raise NotFound(
                f"no buyer is called {buyer}, or several are. Name one by its id: GET /api/buyers lists them."
            )
        told = statement(conn, found, since, until)

    def amount(minor: int) -> str:
        return decimal_text(minor, told.currency)

    rows = [
        (f"{line.occurred_at:%Y-%m-%d %H:%M:%S}", line.kind, line.reason, line.lead_id, amount(line.amount_minor),
         amount(line.balance_minor))
        for line in told.lines
    ]  # fmt: skip
    _say(f"{told.buyer}, {since:%B %Y}: opens with {amount(told.opening_minor)} {told.currency}")
    if rows:
        show(_console, "Lines", ("when", "kind", "reason", "lead", "amount", "balance"), rows)
    _say(f"{len(rows)} lines; closes with {amount(told.closing_minor)} {told.currency}")


def _result(proved: Verified) -> str:
    sealed = "nothing is sealed yet" if proved.sealed_until is None else _sealed(proved.sealed_until, proved)
    return (
        f"The ledger is whole: {proved.entries:,} entries, {proved.postings:,} postings, {proved.accounts:,} accounts; "
        f"{sealed}, {proved.unsealed:,} entries since."
    )


def _sealed(until: date, proved: Verified) -> str:
    return f"{proved.seals:,} days sealed until {until} with {proved.digest.hex()}"


def _say(words: str) -> None:
    _console.print(words, markup=False, highlight=False, soft_wrap=True)
