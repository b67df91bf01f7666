"""Tickets: repeatable, independent of who else draws, and the same on every machine."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain.draws import best_tickets
from tests.examples import examples

FIRST = [[5_984_178_072_369_861_313, 5_455_770_597_252_261_752], [3_593_903_343_663_003_079, 5_140_428_015_638_360_631]]


def test_the_draws_of_a_seed_are_these_for_ever():
    assert FIRST == best_tickets(42, 0, 2, [1, 2], [1, 3]).tolist()


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 10**12), st.integers(1, 5))
@settings(max_examples=examples(20))
def test_a_draw_depends_on_seed_decision_position_and_weight_alone(seed, first, later):
    whole = best_tickets(seed, first, later + 1, [1, 4, 9], [2, 1, 10])
    assert whole[later].tolist() == best_tickets(seed, first + later, 1, [1, 4, 9], [2, 1, 10])[0].tolist()
    assert whole[:, 1].tolist() == best_tickets(seed, first, later + 1, [4], [1])[:, 0].tolist()
    assert (whole >= 0).all()


def test_more_tickets_never_draw_worse():
    drawn = [best_tickets(7, 0, 50, [3], [weight])[:, 0] for weight in range(1, 11)]
    assert all((more >= fewer).all() for fewer, more in pairwise(drawn))


def test_the_order_of_all_who_draw_is_weighted_too():
    tickets = best_tickets(1, 0, 20_000, [1, 2, 3], [3, 2, 1])
    order = np.argsort(-tickets, axis=1)
    second_after_a = order[order[:, 0] == 0, 1]
    assert 2 / 3 == pytest.approx((second_after_a == 1).mean(), abs=0.02)
    assert 3 / 6 == pytest.approx((order[:, 0] == 0).mean(), abs=0.02)


def test_nobody_draws_nothing():
    assert (4, 0) == best_tickets(1, 0, 4, [], []).shape
