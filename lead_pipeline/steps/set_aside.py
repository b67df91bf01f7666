"""Landed drops decided chunk by chunk; of a chunk that fails one by one, and the one at fault is set aside.

So that a drop that cannot be decided holds up nobody. Holds no decision and no claim of its own.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import psycopg

from lead_pipeline.errors import PermanentError
from lead_pipeline.store.drops import Drop

Done = TypeVar("Done")


def decide_in_chunks(
    conn: psycopg.Connection,
    claim: Callable[[int], list[Drop]],
    decide: Callable[[list[Drop]], Done],
    refuse: Callable[[list[Drop], dict[int, str]], Done],
    *,
    at_once: int,
) -> Iterator[Done]:
    """What each chunk came to, until none is left. A chunk is claimed and decided in a transaction of its own.

    `claim` locks at most so many drops; `refuse` sets drops aside for a reason, by drop id.
    """
    size = at_once
    while True:
        drops: list[Drop] = []
        try:
            with conn.transaction():
                drops = claim(size)
                done = decide(drops)
        except (PermanentError, psycopg.DataError) as error:
            is_alone, size = size == 1, 1 if size > 1 else at_once
            if not is_alone:
                continue
            with conn.transaction():
                done = refuse(drops, {drops[0].drop_id: f"{type(error).__name__}: {error}"})
        if not drops:
            return
        yield done
