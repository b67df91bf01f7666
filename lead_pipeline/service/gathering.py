"""One call for many requests: while a call runs, the next requests gather for the one after it.

What the call does is said by whoever makes one. It belongs to one event loop.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from anyio import to_thread

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Gathering(Generic[Asked, Answer]):
    """`ask` blocks; it is called in a thread, one call at a time, and answers in order of what it was asked.

    A call waits at most `patience` seconds for whoever is `expected`. Who was answered a moment ago, within `moment`
    seconds, may be about to ask again: so all who keep asking share one call, instead of two groups that wait for
    one another's.
    """

    def __init__(
        self, ask: Callable[[Sequence[Asked]], Sequence[Answer]], *, patience: float = 0.0, moment: float = 0.0
    ) -> None:
        self._ask, self._patience, self._moment = ask, patience, moment
        self._turn = asyncio.Lock()
        self._gathered: list[Asked] = []
        self._next: asyncio.Task[Sequence[Answer]] | None = None
        self._expected = 0
        self._all_here = asyncio.Event()
        self._answered_at = float("-inf")

    @contextmanager
    def expected(self) -> Iterator[None]:
        """Somebody is on the way, and asks when this ends, unless an error ends it."""
        self._expected += 1
        self._all_here.clear()
        try:
            yield
        finally:
            self._expected -= 1
            if not self._expected:
                self._all_here.set()

    async def answer(self, asked: Asked) -> Answer:
        """The answer to what is asked. What the call raises, all of its group get."""
        place = len(self._gathered)
        self._gathered.append(asked)
        if self._next is None:
            self._next = asyncio.create_task(self._run())
        # A client that leaves takes nobody's answer along.
        return (await asyncio.shield(self._next))[place]

    async def _run(self) -> Sequence[Answer]:
        async with self._turn:
            await self._gather()
            asked, self._gathered, self._next = self._gathered, [], None
            try:
                return await to_thread.run_sync(self._ask, asked)
            finally:
                self._answered_at = asyncio.get_running_loop().time()

    async def _gather(self) -> None:
        since = asyncio.get_running_loop().time() - self._answered_at
        if since < self._moment:
            await asyncio.sleep(self._moment - since)
        if self._expected and self._patience:
            try:
                async with asyncio.timeout(self._patience):
                    await self._all_here.wait()
            except TimeoutError:
                return
