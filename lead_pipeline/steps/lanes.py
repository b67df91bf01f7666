"""Who is sent to next: lanes in turn, each with a window of messages under way that grows while it answers.

So a receiver that hangs holds one place while it is not known, and never more than its own window. Threads take
messages and say what came of them; this holds no database and no message's content.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Lane(Generic[T]):
    widest: int
    window: int
    waiting: deque[T] = field(default_factory=deque)
    under_way: int = 0
    is_filling: bool = False
    is_dry: bool = False

    @property
    def can_be_filled(self) -> bool:
        """Before it is empty, so that nobody waits for the database."""
        return not self.is_dry and not self.is_filling and len(self.waiting) <= self.widest


class Lanes(Generic[T]):
    """`refill` answers the next messages of a lane, none where it is dry; it is called by one thread a lane at a time.

    `widest` says how many messages of a lane may be under way, by its name, and `most` how many of all lanes together;
    a lane begins with one.
    """

    def __init__(
        self, names: Sequence[str], widest: Callable[[str], int], refill: Callable[[str], Sequence[T]], *, most: int
    ) -> None:
        self._lanes = {name: _Lane[T](widest(name), 1) for name in names}
        self._turns = deque(names)
        self._refill, self._most, self._under_way = refill, most, 0
        self._changed = threading.Condition()

    def take(self) -> tuple[str, T] | None:
        """The next message and its lane; waits while there may be one, None once there is none any more."""
        while True:
            with self._changed:
                while (name := self._next()) is None:
                    if all(lane.is_dry and not lane.waiting for lane in self._lanes.values()):
                        self._changed.notify_all()
                        return None
                    self._changed.wait()
                self._changed.notify()  # there may be something for another thread too
                lane = self._lanes[name]
                if not lane.can_be_filled:
                    lane.under_way += 1
                    self._under_way += 1
                    return name, lane.waiting.popleft()
                lane.is_filling = True
            self._fill(name)

    def done(self, name: str, *, answered: bool) -> None:
        """A message of a lane is no longer under way; `answered`: its receiver is there."""
        with self._changed:
            lane = self._lanes[name]
            lane.under_way -= 1
            self._under_way -= 1
            lane.window = min(lane.widest, 2 * lane.window) if answered else 1
            self._changed.notify()

    def stop(self, name: str) -> None:
        """Take nothing more of a lane."""
        with self._changed:
            lane = self._lanes[name]
            lane.waiting.clear()
            lane.is_dry = True
            self._changed.notify_all()

    def stop_all(self) -> None:
        """Take nothing more at all."""
        for name in self._lanes:
            self.stop(name)

    def _next(self) -> str | None:
        """The lane whose turn it is, of those that want to be filled or have room in their window."""
        for _ in range(len(self._turns)):
            name = self._turns[0]
            self._turns.rotate(-1)
            lane = self._lanes[name]
            has_room = lane.under_way < lane.window and self._under_way < self._most
            if lane.can_be_filled or (lane.waiting and has_room):
                return name
        return None

    def _fill(self, name: str) -> None:
        more: Sequence[T] = ()
        try:
            more = self._refill(name)
        finally:
            with self._changed:
                lane = self._lanes[name]
                lane.is_filling = False
                if more and not lane.is_dry:
                    lane.waiting.extend(more)
                else:
                    lane.is_dry = True
                self._changed.notify_all()
