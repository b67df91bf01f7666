"""Questions kept under way all the time: as soon as some are answered they are committed, and others are asked.

Those that are answered while a commit is under way share the next one. Holds no question, no answer, no table.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")
_AHEAD = 2  # claimed at a time, by how many can be asked: nobody waits for a commit to have a question


def keep_asking(
    claim: Callable[[int], Sequence[Question]],
    ask: Callable[[Question], Answer],
    commit: Callable[[Sequence[Answer]], None],
    *,
    concurrency: int,
    why_stop: Callable[[Answer], Exception | None] = lambda answer: None,
) -> None:
    """Ask about all that `claim` hands out, at most so many at a time, until it hands out nothing.

    `claim` and `commit` run in this thread, `ask` in others. An answer that says `why_stop` is the last: nothing
    more is asked, what is under way is waited for and committed, and its error is raised.
    """
    under_way: set[Future[Answer]] = set()
    stop: Exception | None = None
    with ThreadPoolExecutor(concurrency, "ask") as pool:
        try:
            while True:
                room = _AHEAD * concurrency - len(under_way) if stop is None else 0
                under_way |= {pool.submit(ask, question) for question in (claim(room) if room else ())}
                if not under_way:
                    break
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                answers = [one.result() for one in done]
                stop = stop or next(filter(None, map(why_stop, answers)), None)
                if stop is not None:
                    under_way = {one for one in under_way if not one.cancel()}
                commit(answers)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if stop is not None:
        raise stop
