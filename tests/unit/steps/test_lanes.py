"""Lanes in turn: windows that grow while a receiver answers, and one that hangs holds up nobody."""

import threading
from collections import Counter

import pytest

from lead_pipeline.steps.lanes import Lanes


def lanes_of(messages, widest=4, chunk=10, most=1000):
    """Lanes over lists of messages, read in chunks."""
    left = {name: list(of_lane) for name, of_lane in messages.items()}

    def refill(name):
        taken, left[name] = left[name][:chunk], left[name][chunk:]
        return taken

    return Lanes(list(messages), lambda _: widest, refill, most=most)


def test_every_message_is_taken_once_and_then_there_is_none():
    lanes, taken = lanes_of({"a": range(25), "b": range(3), "c": []}), Counter()
    while (work := lanes.take()) is not None:
        taken[work] += 1
        lanes.done(work[0], answered=True)
    assert Counter([("a", n) for n in range(25)] + [("b", n) for n in range(3)]) == taken


def test_a_lane_begins_with_one_and_doubles_up_to_its_width():
    lanes = lanes_of({"a": range(100)}, widest=4)
    widths = []
    for _ in range(4):
        under_way = []
        while _can_take(lanes):
            under_way.append(lanes.take())
        widths.append(len(under_way))
        for name, _ in under_way:
            lanes.done(name, answered=True)
    assert [1, 2, 4, 4] == widths


def test_a_lane_that_does_not_answer_is_back_to_one():
    lanes = lanes_of({"a": range(100)}, widest=8)
    for _ in range(4):
        lanes.done(lanes.take()[0], answered=True)
    lanes.done(lanes.take()[0], answered=False)
    lanes.take()
    assert not _can_take(lanes)


def test_lanes_take_turns():
    lanes = lanes_of({"a": range(4), "b": range(4), "c": range(4)})
    order = []
    for _ in range(6):
        name, _ = lanes.take()
        order.append(name)
        lanes.done(name, answered=True)
    assert 2 == Counter(order)["a"] == Counter(order)["b"] == Counter(order)["c"]


def test_no_more_are_under_way_than_of_all_lanes_together_may_be():
    lanes = lanes_of({"a": range(9), "b": range(9)}, widest=4, most=3)
    for _ in range(4):
        for name in [lanes.take()[0] for _ in range(2)]:
            lanes.done(name, answered=True)
    under_way = [lanes.take()[0] for _ in range(3)]
    found = []
    thread = threading.Thread(target=lambda: found.append(lanes.take()))
    thread.start()
    thread.join(0.1)
    assert [] == found
    lanes.done(under_way[0], answered=True)
    thread.join(5)
    assert found[0] is not None


def test_a_lane_that_is_stopped_gives_nothing_more():
    lanes = lanes_of({"a": range(50), "b": range(2)})
    first, _ = lanes.take()
    lanes.stop("a")
    lanes.done(first, answered=True)
    rest = []
    while (work := lanes.take()) is not None:
        rest.append(work[0])
        lanes.done(work[0], answered=True)
    assert {"b"} >= set(rest)


def test_one_that_hangs_holds_one_place_and_the_others_are_worked_off():
    lanes, ended, hung = lanes_of({"dead": range(10), "live": range(200)}, widest=8), Counter(), threading.Event()

    def work():
        while (taken := lanes.take()) is not None:
            if taken[0] == "dead":
                hung.wait(10)
                lanes.done("dead", answered=False)
                lanes.stop("dead")
            else:
                ended[taken[0]] += 1
                lanes.done("live", answered=True)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    _wait_for(lambda: ended["live"] == 200)
    hung.set()
    for thread in threads:
        thread.join(10)
    assert 200 == ended["live"]


def test_a_refill_that_fails_ends_its_lane_and_is_told():
    def broken(name):
        raise ValueError(name)

    lanes = Lanes(["a"], lambda _: 1, broken, most=1)
    with pytest.raises(ValueError, match="a"):
        lanes.take()
    assert lanes.take() is None


def test_threads_that_wait_are_let_go_when_all_is_stopped():
    lanes = lanes_of({"a": range(5)}, widest=1)
    lanes.take()
    found = []
    thread = threading.Thread(target=lambda: found.append(lanes.take()))
    thread.start()
    lanes.stop_all()
    thread.join(5)
    assert [None] == found


def _can_take(lanes):
    """Whether a message can be had without waiting."""
    found = []
    for lane in lanes._lanes.values():
        found.append((lane.waiting or not lane.is_dry) and lane.under_way < lane.window)
    return any(found)


def _wait_for(condition):
    end = threading.Event()
    for _ in range(1000):
        if condition():
            return
        end.wait(0.01)
    raise AssertionError("it did not come to that within ten seconds")
