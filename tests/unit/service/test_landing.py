"""Who shares a commit and who is told what, with a writer that plays a script. The statement itself: integration."""

import asyncio
from datetime import UTC, datetime

import psycopg
import pytest

from lead_pipeline.errors import ContractBroken, DatabaseUnavailable
from lead_pipeline.service import landing as module
from lead_pipeline.service.landing import DropLanding, Landed, Landing
from lead_pipeline.service.metrics import Metrics


class Writer:
    """Keeps what it is given. `faults`: one error or None for each call; `poison`: ids that Postgres cannot hold."""

    def __init__(self, *faults, poison=(), seconds=0.0):
        self.faults, self.poison, self.seconds = list(faults), set(poison), seconds
        self.batches, self.ids, self.closed = [], {}, False

    async def write(self, batch):
        await asyncio.sleep(self.seconds)
        self.batches.append([one.external_id for one in batch])
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None:
            raise fault
        if self.poison & set(self.batches[-1]):
            raise psycopg.DataError("a value that cannot be held")
        landed = {}
        for one in batch:
            is_new = one.external_id not in self.ids
            landed[one.source, one.external_id] = Landed(
                self.ids.setdefault(one.external_id, len(self.ids) + 1), is_new, True
            )
        return landed

    async def close(self):
        self.closed = True


def drop(external_id, source="clay", body=b"{}"):
    return Landing(source, "webhook", external_id, body, datetime(2026, 3, 2, tzinfo=UTC))


def together(writer, drops):
    """What everybody is told who comes at one moment: a pair, or the error's class."""

    async def run():
        landing = DropLanding("", Metrics(), writer)
        landing.start()
        told = await asyncio.gather(*(landing.land(one) for one in drops), return_exceptions=True)
        await landing.close()
        return [type(one) if isinstance(one, BaseException) else one for one in told]

    return asyncio.run(run())


def test_those_who_come_together_share_one_commit_in_one_order():
    writer = Writer()
    assert [(2, True), (1, True), (3, True)] == together(writer, [drop("b"), drop("a"), drop("c")])
    assert [["a", "b", "c"]] == writer.batches
    assert writer.closed


def test_twins_in_one_batch_are_one_drop_and_its_duplicate():
    writer = Writer()
    assert [(1, True), (1, False), (1, False)] == together(writer, [drop("a")] * 3)
    assert [["a"]] == writer.batches


def test_one_that_cannot_be_stored_does_not_spoil_the_others():
    writer = Writer(poison=["b"])
    assert [(1, True), ContractBroken, (2, True)] == together(writer, [drop("a"), drop("b"), drop("c")])


def test_everybody_is_told_when_the_database_is_away():
    writer = Writer(DatabaseUnavailable("away"))
    assert [DatabaseUnavailable] * 2 == together(writer, [drop("a"), drop("b")])
    assert {} == writer.ids


def test_nobody_waits_while_the_database_is_away_and_all_is_well_once_it_is_back():
    async def run():
        writer = Writer(DatabaseUnavailable("away"))
        landing = DropLanding("", Metrics(), writer)
        landing.start()
        with pytest.raises(DatabaseUnavailable):
            await landing.land(drop("a"))
        with pytest.raises(DatabaseUnavailable):  # not even tried
            await landing.land(drop("a"))
        assert 1 == len(writer.batches)
        await asyncio.sleep(0.08)
        assert (1, True) == await landing.land(drop("a"))
        await landing.close()

    asyncio.run(run())


def test_a_full_queue_is_told_to_whoever_comes_next(monkeypatch):
    monkeypatch.setattr(module, "QUEUE_DROPS", 3)
    told = together(Writer(), [drop(str(number)) for number in range(5)])
    assert [(1, True), (2, True), (3, True), DatabaseUnavailable, DatabaseUnavailable] == told


def test_large_bodies_fill_the_queue_before_many_do(monkeypatch):
    monkeypatch.setattr(module, "QUEUE_BYTES", 250)
    told = together(Writer(), [drop(str(number), body=bytes(100)) for number in range(4)])
    assert [(1, True), (2, True), DatabaseUnavailable, DatabaseUnavailable] == told


def test_a_batch_has_an_end_and_the_rest_goes_into_the_next(monkeypatch):
    monkeypatch.setattr(module, "BATCH_DROPS", 2)
    writer = Writer()
    together(writer, [drop(str(number)) for number in range(5)])
    assert [2, 2, 1] == [len(batch) for batch in writer.batches]


def test_a_waiter_that_leaves_breaks_nothing_for_the_others():
    async def run():
        landing = DropLanding("", Metrics(), Writer(seconds=0.05))
        landing.start()
        leaves = asyncio.create_task(landing.land(drop("a")))
        stays = asyncio.create_task(landing.land(drop("b")))
        await asyncio.sleep(0.02)
        leaves.cancel()
        assert (2, True) == await stays
        assert (1, False) == await landing.land(drop("a"))  # it was landed all the same
        await landing.close()

    asyncio.run(run())


def test_closing_lands_what_waits_and_takes_nothing_more():
    async def run():
        writer = Writer(seconds=0.02)
        landing = DropLanding("", Metrics(), writer)
        landing.start()
        waiting = [asyncio.create_task(landing.land(drop(str(number)))) for number in range(3)]
        await asyncio.sleep(0)
        await landing.close()
        assert [True] * 3 == [(await one)[1] for one in waiting]
        with pytest.raises(DatabaseUnavailable):
            await landing.land(drop("late"))

    asyncio.run(run())
