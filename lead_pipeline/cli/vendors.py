"""`lead-pipeline vendors`: how each vendor answers, and asking one again that was given up for a while."""

from datetime import UTC, datetime, timedelta

import typer

from lead_pipeline.cli.session import migrated, settings
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.errors import NotFound
from lead_pipeline.store.circuits import CircuitRow, circuits, close_circuit
from lead_pipeline.store.connections import connect
from lead_pipeline.store.vendor_calls import VendorCalls, calls_since
from lead_pipeline.vendors.accounts import Account, accounts

app = typer.Typer(help="Vendors: how they answer; close a circuit.", invoke_without_command=True)
_console = stdout()
_COLUMNS = (
    "vendor",
    "circuit",
    "since",
    "retry at",
    "calls",
    "failures",
    "not asked",
    "average s",
    "pace",
    "last error",
)


@app.callback()
def vendors(context: typer.Context) -> None:
    """Per vendor: its circuit, the attempts of the last hour, and how fast it may be asked. Times are UTC."""
    if context.invoked_subcommand is not None:
        return
    chosen = settings()
    with migrated(chosen) as url, connect(url, autocommit=True) as conn:
        known = {one.vendor: one for one in circuits(conn)}
        counted = calls_since(conn, datetime.now(UTC) - timedelta(hours=1))
    rows = (_row(one, known.get(one.name), counted.get(one.name)) for one in accounts(chosen).values())
    show(_console, "Vendors, and the last hour's attempts", _COLUMNS, rows)


@app.command()
def close(name: str = typer.Argument(..., help="Vendor, as `lead-pipeline vendors` names it.")) -> None:
    """Ask a vendor again at once, in every process, within a second."""
    chosen = settings()
    if name not in accounts(chosen):
        raise NotFound(f"no vendor {name}. There are: {', '.join(accounts(chosen))}.")
    with migrated(chosen) as url, connect(url, autocommit=True) as conn:
        was_open = close_circuit(conn, name)
    words = "is asked again" if was_open else "was being asked: its circuit is not open"
    _console.print(f"{name} {words}.", markup=False, highlight=False)


def _row(account: Account, circuit: CircuitRow | None, counted: VendorCalls | None) -> tuple[object, ...]:
    seconds = None if counted is None else counted.seconds
    return (
        account.name,
        "closed" if circuit is None else circuit.state,
        None if circuit is None else _time(circuit.changed_at),
        None if circuit is None else _time(circuit.retry_at),
        0 if counted is None else counted.calls,
        0 if counted is None else counted.failures,
        0 if counted is None else counted.not_asked,
        None if seconds is None else f"{seconds:.3f}",
        account.pace,
        None if circuit is None or circuit.state == "closed" else circuit.last_error,
    )


def _time(when: datetime | None) -> str | None:
    return None if when is None else f"{when:%m-%d %H:%M:%S}"
