"""Plays a scenario: simulated to real time, so many messages under way at once, faults set and cleared.

Knows nothing of what is in a message; `delivery` sends one, `tally` counts the answers.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import itemgetter

import httpx

from lead_pipeline.errors import LeadPipelineError, VendorUnavailable
from lead_pipeline.sandbox.scenarios.delivery import Courier, utc_now
from lead_pipeline.sandbox.scenarios.scenario import DAY, Message, Play, Scenario, Trouble
from lead_pipeline.sandbox.scenarios.tally import Tally
from lead_pipeline.sandbox.webhook_sender import Intake
from lead_pipeline.tls import trusted

SECONDS_A_DAY, HOLD = 90.0, 20.0
AT_ONCE, TIMEOUT = 16, 30.0


@dataclass(frozen=True)
class Stage:
    """Where a scenario is played, and how quickly.

    `seconds`: real ones that a simulated day takes; 0: as quickly as the intake answers. Faults last `hold` real
    seconds at least, because what they are for takes its time. `workspace` (slug or id) goes into every body.
    """

    intake: Intake
    sandbox_url: str
    workspace: str | None = None
    seconds: float = SECONDS_A_DAY
    hold: float = HOLD
    clock: Callable[[], datetime] = utc_now


def play(
    scenario: Scenario, script: Play, stage: Stage, on_answer: Callable[[int, int], None] = lambda *_: None
) -> Tally:
    """Send every message and count the answers. `on_answer` gets how many there are, and how many there will be.

    However it ends, faults that it set are cleared, with any others. Raises VendorUnavailable where the intake, or
    where there are faults the sandbox, does not answer; SettingsError where the intake has no secret for a source.
    """
    return asyncio.run(_play(scenario, script, stage, on_answer))


async def _play(scenario: Scenario, script: Play, stage: Stage, on_answer: Callable[[int, int], None]) -> Tally:
    messages, tally = list(scenario.messages(script)), Tally()
    async with httpx.AsyncClient(
        timeout=TIMEOUT, limits=httpx.Limits(max_connections=AT_ONCE), verify=trusted()
    ) as client:
        await _reach(client, stage.intake.url, "intake service", "--intake")
        if scenario.troubles:
            await _reach(client, stage.sandbox_url, "sandbox", "--sandbox")
        performance = _Performance(client, stage, tally, lambda: on_answer(tally.sent, len(messages)))
        try:
            await performance.run(messages, scenario.troubles)
        except ExceptionGroup as group:
            raise next((error for error in group.exceptions if isinstance(error, LeadPipelineError)), group) from group
        finally:
            if scenario.troubles:
                await performance.clear()
    return tally


class _Performance:
    """One play under way."""

    def __init__(self, client: httpx.AsyncClient, stage: Stage, tally: Tally, on_answer: Callable[[], None]) -> None:
        self._client, self._stage, self._tally, self._on_answer = client, stage, tally, on_answer
        self._courier = Courier(client, stage.intake, workspace=stage.workspace, clock=stage.clock)
        self._free = asyncio.Semaphore(AT_ONCE)
        self._begin = self._held = time.monotonic()

    async def run(self, messages: list[Message], troubles: tuple[Trouble, ...]) -> None:
        async with asyncio.TaskGroup() as tasks:
            cues: list[tuple[float, Callable[[], Awaitable[None]]]] = [
                *((trouble.begins, partial(self._set, trouble)) for trouble in troubles),
                *((message.at, partial(self._start, tasks, message)) for message in messages),
                *((trouble.ends, self._lift) for trouble in troubles),
            ]
            for at, act in sorted(cues, key=itemgetter(0)):
                await asyncio.sleep(max(0, self._begin + at * self._stage.seconds / DAY - time.monotonic()))
                await act()

    async def clear(self) -> None:
        """Clear the sandbox's faults. One that is gone has none."""
        with suppress(httpx.TransportError):
            await self._client.delete(f"{self._stage.sandbox_url}/admin/faults")

    async def _start(self, tasks: asyncio.TaskGroup, message: Message) -> None:
        await self._free.acquire()
        tasks.create_task(self._deliver(message))

    async def _deliver(self, message: Message) -> None:
        try:
            answered = await self._courier.deliver(message)
        finally:
            self._free.release()
        self._tally.add(message, answered)
        self._on_answer()

    async def _set(self, trouble: Trouble) -> None:
        await self._drain()
        for fault in trouble.faults:
            try:
                url = f"{self._stage.sandbox_url}/admin/faults"
                (await self._client.post(url, json=fault.model_dump())).raise_for_status()
            except httpx.HTTPError as error:
                raise VendorUnavailable(f"the sandbox takes no faults: {error}. Is {url} one?") from error
        self._held = time.monotonic() + self._stage.hold

    async def _lift(self) -> None:
        await self._drain()
        await asyncio.sleep(max(0, self._held - time.monotonic()))
        await self.clear()

    async def _drain(self) -> None:
        """Wait until nothing is under way, so that faults begin and end between messages however fast they go."""
        for _ in range(AT_ONCE):
            await self._free.acquire()
        for _ in range(AT_ONCE):
            self._free.release()


async def _reach(client: httpx.AsyncClient, url: str, what: str, option: str) -> None:
    try:
        is_up = (await client.get(f"{url}/healthz")).is_success
    except (httpx.TransportError, httpx.InvalidURL):
        is_up = False
    if not is_up:
        raise VendorUnavailable(
            f"no {what} answers at {url}. Start one with `lead-pipeline up` in another terminal, "
            f"or say where it is with {option}."
        )
