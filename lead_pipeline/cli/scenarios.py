"""`lead-pipeline sandbox scenario NAME`: a simulated day of webhooks, played against an intake service."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime

import httpx
import typer

from lead_pipeline.cli.session import settings
from lead_pipeline.cli.tables import show, stdout, steps_progress
from lead_pipeline.cli.webhook_secrets import VARIABLE_OF, secrets_file, shared_secrets
from lead_pipeline.errors import SettingsError
from lead_pipeline.sandbox.config import SandboxConfig
from lead_pipeline.sandbox.scenarios.player import SECONDS_A_DAY, Stage, play
from lead_pipeline.sandbox.scenarios.registry import SCENARIOS, scenario_named
from lead_pipeline.sandbox.scenarios.scenario import Play
from lead_pipeline.sandbox.scenarios.tally import Tally
from lead_pipeline.sandbox.webhook_sender import Intake
from lead_pipeline.settings import Settings

_console = stdout()
_SHOWN = 5


def scenarios() -> None:
    """List what can be played, and what a person should see of it."""
    rows = [(one.name, one.description, one.look) for one in SCENARIOS.values()]
    show(_console, "Scenarios", ("name", "what is sent", "what to see"), rows)


def scenario(
    name: str = typer.Argument(..., help="One of `lead-pipeline sandbox scenarios`."),
    *,
    intake: str = typer.Option(None, help="Address of the intake service; PORT of this machine by default."),
    sandbox: str = typer.Option(None, help="Address of the sandbox; SANDBOX_URL by default."),
    seed: int = typer.Option(None, min=0, help="Decides every message; a new one by default."),
    workspace: str = typer.Option(None, help="Slug or id put into every event; the intake's WEBHOOK_WORKSPACE else."),
    fast: bool = typer.Option(False, "--fast", help="As quickly as the intake answers."),
    seconds: float = typer.Option(SECONDS_A_DAY, min=1, max=86_400, help="Real seconds that the simulated day takes."),
) -> None:
    """Play a simulated day of webhooks. Exit code 1 where the intake answered otherwise than expected."""
    chosen, scenario = settings(), scenario_named(name)
    place = (sandbox or chosen.sandbox_url).rstrip("/")
    script = Play(
        scenario=name,
        seed=int(time.time()) if seed is None else seed,
        day=datetime.now(UTC).date(),
        people_seed=_people_seed(place),
    )
    sources = {message.source for message in scenario.messages(script)}
    address = (intake or f"http://127.0.0.1:{chosen.port}").rstrip("/")
    stage = Stage(
        Intake(address, _secrets(chosen, sources)), place, workspace=workspace, seconds=0 if fast else seconds
    )
    _console.print(f"{name}: {scenario.description} Seed {script.seed}.", highlight=False, markup=False)
    with steps_progress(_console) as progress:
        task = progress.add_task(f"to {address}", total=None)
        tally = play(scenario, script, stage, lambda done, total: progress.update(task, completed=done, total=total))
    show(_console, f"{tally.sent} sent", ("source", "answer", "expected", "answered"), tally.rows())
    _conclude(tally, chosen, scenario.look)


def _secrets(chosen: Settings, sources: Iterable[str]) -> dict[str, str]:
    shared = shared_secrets(chosen)
    missing = [VARIABLE_OF[source] for source in sorted(sources) if source not in shared]
    if missing:
        raise SettingsError(
            f"no secret to sign with. Set {', '.join(missing)} to the intake's, or start it with `lead-pipeline up`, "
            f"which keeps them in {secrets_file(chosen.var_dir)}."
        )
    return shared


def _people_seed(sandbox_url: str) -> int:
    """The seed of the people that the sandbox's vendors know; its default where none answers."""
    try:
        return int(httpx.get(f"{sandbox_url}/healthz", timeout=5).json()["seed"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        return SandboxConfig.seed


def _conclude(tally: Tally, chosen: Settings, look: str) -> None:
    surprises = tally.surprises()
    if not surprises:
        _console.print(f"As expected. See: {look}.", highlight=False, markup=False)
        return
    for sentence in [*surprises[:_SHOWN], *_advice(tally, chosen)]:
        _console.print(sentence, style="red", highlight=False, markup=False)
    if len(surprises) > _SHOWN:
        _console.print(f"and {len(surprises) - _SHOWN} more", highlight=False)
    raise typer.Exit(1)


def _advice(tally: Tally, chosen: Settings) -> list[str]:
    """What to do about answers that have one usual cause."""
    more = {answer for _, answer, expected, given in tally.rows() if given > expected}
    advice = {
        "duplicate": "Events of this seed were sent before: take another --seed.",
        "refused 401": "The intake has other secrets: start both with the same ones. "
        f"For those of `lead-pipeline up`: source {secrets_file(chosen.var_dir)}",
    }
    return [sentence for answer, sentence in advice.items() if answer in more]
