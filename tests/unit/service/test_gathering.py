"""One call for many: who shares it, who waits for whom, and what an error does."""

import asyncio
import threading
import time

import pytest

from lead_pipeline.service.gathering import Gathering


class Calls:
    """What was asked in each call. A call waits for `go`, where there is one."""

    def __init__(self, go=None):
        self.groups, self._go = [], go

    def __call__(self, asked):
        self.groups.append(list(asked))
        if self._go is not None:
            assert self._go.wait(5)
        return [f"{one}!" for one in asked]


def test_all_who_ask_while_a_call_runs_share_the_next_one():
    async def play():
        go = threading.Event()
        calls = Calls(go)
        gathering = Gathering(calls)
        first = asyncio.create_task(gathering.answer("a"))
        while not calls.groups:
            await asyncio.sleep(0.001)
        others = [asyncio.create_task(gathering.answer(one)) for one in "bcb"]
        await asyncio.sleep(0.01)
        go.set()
        assert ["a!", "b!", "c!", "b!"] == [await first, *[await one for one in others]]
        assert [["a"], ["b", "c", "b"]] == calls.groups

    asyncio.run(play())


def test_a_call_waits_for_whoever_is_on_the_way_and_no_longer_than_its_patience():
    async def play(seconds):
        calls = Calls()
        gathering = Gathering(calls, patience=0.2)

        async def late():
            with gathering.expected():
                await asyncio.sleep(seconds)
            return await gathering.answer("late")

        coming = asyncio.create_task(late())
        await asyncio.sleep(0)
        begun = time.perf_counter()
        assert "a!" == await gathering.answer("a")
        waited = time.perf_counter() - begun
        await coming
        return calls.groups, waited

    groups, _ = asyncio.run(play(0.02))
    assert [["a", "late"]] == groups
    groups, waited = asyncio.run(play(0.5))
    assert [["a"], ["late"]] == groups
    assert 0.15 < waited < 0.45


def test_who_never_comes_after_an_error_is_not_waited_for():
    async def play():
        gathering = Gathering(Calls(), patience=5)
        with pytest.raises(ValueError, match="refused"), gathering.expected():
            raise ValueError("refused")
        async with asyncio.timeout(1):
            assert "a!" == await gathering.answer("a")

    asyncio.run(play())


def test_who_was_just_answered_is_given_a_moment_to_ask_again():
    async def play():
        calls = Calls()
        gathering = Gathering(calls, moment=0.05)
        await asyncio.gather(*map(gathering.answer, "ab"))
        again = asyncio.create_task(gathering.answer("a"))
        await asyncio.sleep(0.01)
        await asyncio.gather(again, gathering.answer("b"))
        assert [["a", "b"], ["a", "b"]] == calls.groups

    asyncio.run(play())


def test_an_error_is_told_to_its_whole_group_and_to_nobody_else():
    async def play():
        def ask(asked):
            if "bad" in asked:
                raise ValueError("no")
            return asked

        gathering = Gathering(ask)
        answers = await asyncio.gather(*map(gathering.answer, ["bad", "good"]), return_exceptions=True)
        assert [ValueError, ValueError] == [type(one) for one in answers]
        assert "good" == await gathering.answer("good")

    asyncio.run(play())


def test_a_client_that_leaves_takes_nobodys_answer_along():
    async def play():
        go = threading.Event()
        gathering = Gathering(Calls(go))
        leaves, stays = (asyncio.create_task(gathering.answer(one)) for one in "ab")
        await asyncio.sleep(0.01)
        leaves.cancel()
        await asyncio.sleep(0)
        go.set()
        assert "b!" == await stays

    asyncio.run(play())
