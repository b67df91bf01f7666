"""The circuit of several processes over one memory, under a clock that only the test moves."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lead_pipeline.errors import CircuitOpen, DatabaseUnavailable
from lead_pipeline.vendors.circuit import Known, SharedCircuit


class Memory:
    """What all processes know, as the database would keep it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.is_open, self.retry_at, self.wait, self.reason = False, 0.0, 0.0, ""
        self.reads, self.writes, self.is_away = 0, [], False
        self.probes = 0

    def read(self) -> Known:
        self._answer()
        self.reads += 1
        return Known(self.is_open, self.retry_at - self.now if self.is_open else 0.0, self.reason)

    def open(self, *, wait, attempts, failures, reason):
        self._answer()
        self.writes.append(("open", attempts, failures))
        if not self.is_open:
            self.is_open, self.wait, self.retry_at, self.reason = True, wait, self.now + wait, reason

    def take_probe(self, lease):
        self._answer()
        if not self.is_open or self.retry_at > self.now:
            return None
        self.retry_at, self.probes = self.now + lease, self.probes + 1
        return str(self.retry_at)

    def reopen(self, token, *, longest, reason):
        self._answer()
        if self.is_open and token == str(self.retry_at):
            self.writes.append(("reopen",))
            self.wait = min(self.wait * 2, longest)
            self.retry_at = self.now + self.wait

    def close(self):
        self._answer()
        self.writes.append(("close",))
        self.is_open = False

    def _answer(self) -> None:
        if self.is_away:
            raise DatabaseUnavailable("away")


@pytest.fixture
def memory() -> Memory:
    return Memory()


def circuit_over(memory: Memory, lease: float = 120) -> SharedCircuit:
    return SharedCircuit("Acme", memory, lease=lease, clock=lambda: memory.now)


def call(circuit: SharedCircuit, *, failed: bool) -> None:
    circuit.check()
    circuit.record(failed=failed, reason="Acme answered 500")


def broken(memory: Memory) -> SharedCircuit:
    circuit = circuit_over(memory)
    for _ in range(10):
        call(circuit, failed=True)
    return circuit


def is_open(circuit: SharedCircuit) -> bool:
    try:
        circuit.check()
    except CircuitOpen:
        return True
    return False


def test_ten_failures_open_it_and_the_error_says_why_and_for_how_long(memory):
    circuit = broken(memory)

    with pytest.raises(CircuitOpen, match=r"Acme is not asked.*Acme answered 500.*tried again in 30 s") as caught:
        circuit.check()
    assert 30 == caught.value.retry_after
    assert [("open", 10, 10)] == memory.writes


def test_another_process_sees_it_within_a_second(memory):
    other = circuit_over(memory)
    other.check()
    broken(memory)

    assert not is_open(other), "what was read is trusted for a second"
    memory.now += 1
    assert is_open(other)


def test_it_is_read_once_a_second_and_written_on_a_change_only(memory):
    circuit = circuit_over(memory)
    for _ in range(100):
        memory.now += 0.1
        call(circuit, failed=False)

    assert 10 <= memory.reads <= 11
    assert [] == memory.writes


def test_after_its_time_one_process_tries_it_and_the_others_wait(memory):
    first, second = broken(memory), circuit_over(memory)
    memory.now += 30

    first.check()
    assert is_open(second)
    assert 1 == memory.probes


def test_of_many_threads_one_tries_it(memory):
    circuit = broken(memory)
    memory.now += 30
    together = threading.Barrier(8)

    def ask(_: int) -> bool:
        together.wait()
        return is_open(circuit)

    with ThreadPoolExecutor(8) as pool:
        assert [False] + [True] * 7 == sorted(pool.map(ask, range(8)))


def test_a_good_try_closes_it_for_everybody_and_the_minute_before_is_forgotten(memory):
    first, second = broken(memory), circuit_over(memory)
    assert is_open(second)
    memory.now += 30
    call(first, failed=False)
    memory.now += 1

    assert not is_open(first)
    assert not is_open(second)
    for _ in range(9):
        call(first, failed=True)
    assert not is_open(first)


def test_tries_that_fail_double_the_wait_up_to_ten_minutes(memory):
    circuit = broken(memory)
    waits = []
    for _ in range(7):
        memory.now = memory.retry_at
        call(circuit, failed=True)
        waits.append(memory.retry_at - memory.now)

    assert [60, 120, 240, 480, 600, 600, 600] == waits


def test_the_thread_that_tries_may_pass_as_often_as_it_needs(memory):
    circuit = broken(memory)
    memory.now += 30
    circuit.check()
    memory.now += 5
    circuit.check()

    assert 1 == memory.probes


def test_a_try_that_never_came_back_is_given_out_again(memory):
    broken(memory)
    memory.now += 30
    killed, other = circuit_over(memory), circuit_over(memory)
    killed.check()
    assert is_open(other)
    memory.now += 120

    assert not is_open(other)
    assert 2 == memory.probes
    killed.record(failed=True)  # too late: the try is another's now
    assert ("reopen",) not in memory.writes


def test_calls_that_were_under_way_at_the_opening_decide_nothing(memory):
    circuit = broken(memory)
    circuit.record(failed=False)
    circuit.record(failed=True)

    assert is_open(circuit)
    assert [("open", 10, 10)] == memory.writes


def test_closing_it_by_hand_is_seen_within_a_second(memory):
    circuit = broken(memory)
    memory.is_open = False
    memory.now += 1

    call(circuit, failed=True)
    assert not is_open(circuit)


def test_a_database_that_is_away_stops_the_next_call_and_loses_no_answer(memory):
    circuit = circuit_over(memory)
    for _ in range(9):
        call(circuit, failed=True)
    memory.is_away = True

    circuit.record(failed=True)
    memory.now += 1
    with pytest.raises(DatabaseUnavailable):
        circuit.check()

    memory.is_away = False
    call(circuit, failed=True)
    assert is_open(circuit)
