"""`lead-pipeline deliveries`: messages with their attempts, how channels do, putting back what did not arrive."""

from datetime import UTC, datetime

import psycopg
import typer

from lead_pipeline.cli.session import connected
from lead_pipeline.cli.tables import show, stdout
from lead_pipeline.domain.deliveries import CHANNELS, KINDS
from lead_pipeline.errors import NotFound
from lead_pipeline.steps.replay_delivery import replay_delivery
from lead_pipeline.store.delivery_history import Delivery, Filter, attempts_of, find_delivery, list_deliveries, tally
from lead_pipeline.store.delivery_replay import ENDED, replay_many
from lead_pipeline.store.pages import Asked
from lead_pipeline.store.workspaces import workspace_id

app = typer.Typer(help="Deliveries: list, show, replay, sum.", no_args_is_help=True)
_console = stdout()
_BY = "operator"
_STATES = ("intended", "sent", "unknown", "confirmed", *ENDED)
_Workspace = typer.Option(None, "--workspace", "-w", help="Slug or id; every workspace by default.")
_State = typer.Option(None, "--state", "-s", help=f"One of {', '.join(_STATES)}; may be given several times.")
_Ended = typer.Option(["dead"], "--state", "-s", help=f"One of {', '.join(ENDED)}; may be given several times.")
_Channel = typer.Option(None, help=f"One of {', '.join(CHANNELS)}.")
_Kind = typer.Option(None, help=f"One of {', '.join(KINDS)}.")
_Since = typer.Option(None, formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="In UTC.")


@app.command("list")
def list_(
    *,
    workspace: str = _Workspace,
    state: list[str] = _State,
    channel: str = _Channel,
    kind: str = _Kind,
    since: datetime = _Since,
    limit: int = typer.Option(50, min=1, max=1000),
) -> None:
    """List messages, the last written down first."""
    wanted = _filter(state, channel, kind, since)
    with connected() as conn:
        page = list_deliveries(conn, _workspace(conn, workspace), None, wanted, Asked(limit))
    columns = ("written down", "channel", "to", "kind", "about", "state", "attempts", "error", "id")
    show(_console, "Deliveries", columns, map(_row, page.rows))
    if page.next is not None:
        _say(f"There are more than {limit}: narrow it down, or raise --limit.")


@app.command("show")
def show_(delivery: str = typer.Argument(..., help="Its id.")) -> None:
    """Print one message with every attempt. What it says is not printed."""
    with connected() as conn:
        found = find_delivery(conn, None, None, delivery)
        attempts = attempts_of(conn, found.delivery_id)
    for name, value in vars(found).items():
        if value is not None:
            _say(f"{name:<16}{f'{value:%Y-%m-%d %H:%M:%S}' if isinstance(value, datetime) else value}")
    rows = [
        (one.attempt_no, _time(one.attempted_at), one.action, one.outcome, one.status,
         None if one.seconds is None else f"{one.seconds:.3f}", one.error)
        for one in attempts
    ]  # fmt: skip
    show(_console, "Attempts", ("no", "when", "action", "outcome", "status", "seconds", "error"), rows)


@app.command()
def replay(
    delivery: str = typer.Argument(None, help="Id of one message; without it all that fit the options."),
    *,
    workspace: str = _Workspace,
    state: list[str] = _Ended,
    channel: str = _Channel,
    kind: str = _Kind,
    since: datetime = _Since,
    apply: bool = typer.Option(False, "--apply", help="Put them back; without it they are only counted."),
) -> None:
    """Put messages back that did not arrive, 10,000 at most. They keep their ids: who knows them takes none twice."""
    now = datetime.now(UTC)
    with connected() as conn:
        if delivery is not None:
            back = replay_delivery(conn, delivery, workspace_id=None, buyer_id=None, by=_BY, now=now)
            _say(f"{back.delivery_id} is {back.state} again, and due now.")
            return
        done = replay_many(
            conn,
            _filter(state, channel, kind, since),
            workspace_id=_workspace(conn, workspace),
            buyer_id=None,
            by=_BY,
            now=now,
            dry_run=not apply,
        )
    words = "were put back" if apply else "would be put back: run it again with --apply"
    _say(f"{done.matched:,} fit, {done.unreachable:,} of them have nobody to go to, {done.replayed:,} {words}.")


@app.command()
def summary(workspace: str = _Workspace, channel: str = _Channel, kind: str = _Kind, since: datetime = _Since) -> None:
    """Sum messages by channel and state, and those that were sent again without knowing (unknown, resent)."""
    with connected() as conn:
        tallies = tally(conn, _workspace(conn, workspace), _filter([], channel, kind, since))
    rows = [(one.channel, one.state, one.deliveries, one.resent) for one in tallies]
    show(_console, "Deliveries", ("channel", "state", "deliveries", "unknown, resent"), rows)


def _filter(states: list[str] | None, channel: str | None, kind: str | None, since: datetime | None) -> Filter:
    for known, given in ((_STATES, states or ()), (CHANNELS, [channel]), (KINDS, [kind])):
        for one in given:
            if one is not None and one not in known:
                raise NotFound(f"there is no {one}. There are: {', '.join(known)}.")
    return Filter(tuple(states or ()), channel, kind, since=None if since is None else since.replace(tzinfo=UTC))


def _workspace(conn: psycopg.Connection, workspace: str | None) -> str | None:
    return None if workspace is None else workspace_id(conn, workspace)


def _row(one: Delivery) -> tuple[object, ...]:
    when = _time(one.intended_at)
    return (when, one.channel, one.shown or None, one.kind, one.subject, one.state, one.attempts, one.error,
            one.delivery_id)  # fmt: skip


def _time(at: datetime) -> str:
    return f"{at:%m-%d %H:%M:%S}"


def _say(words: str) -> None:
    _console.print(words, markup=False, highlight=False, soft_wrap=True)
