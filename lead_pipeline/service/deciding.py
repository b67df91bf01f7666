"""Decides many requests' leads in one call: while a call runs, the next requests gather for the one after it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from anyio import to_thread

from lead_pipeline.store.supplier_drops import SupplierDrop

Decide = Callable[[Sequence[int]], Mapping[int, SupplierDrop]]


class Deciding:
    """`decide` blocks; it is called in a thread, one call at a time. It belongs to one event loop."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self._turn = asyncio.Lock()
        self._gathered: list[int] = []
        self._next: asyncio.Task[Mapping[int, SupplierDrop]] | None = None

    async def outcome(self, drop_id: int) -> SupplierDrop | None:
        """What became of a drop, None where that is not known yet. What `decide` raises, all of its group get."""
        self._gathered.append(drop_id)
        if self._next is None:
            self._next = asyncio.create_task(self._run())
        # A client that leaves takes nobody's answer along.
        return (await asyncio.shield(self._next)).get(drop_id)

    async def _run(self) -> Mapping[int, SupplierDrop]:
        async with self._turn:
            drop_ids, self._gathered, self._next = self._gathered, [], None
            return await to_thread.run_sync(self._decide, drop_ids)
