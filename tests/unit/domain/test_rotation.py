"""A rotation as JSON and back, with nothing in it that its logic does not use."""

import json

import pytest

from lead_pipeline.domain.rotation import Rotation
from tests.unit.domain.small_worlds import LOGICS, a_campaign, a_member, decide, rich

KEYS = {
    "ROUND_ROBIN": {"logic", "last"},
    "WEIGHTED_ROUND_ROBIN": {"logic", "weights"},
    "WATERFALL": {"logic"},
    "BROADCAST": {"logic"},
    "TARGET_WEIGHTED": {"logic", "day", "received", "inside", "level"},
}


@pytest.mark.parametrize(("logic", "seed"), LOGICS)
def test_a_rotation_reads_back_from_its_json_with_the_count_beside_it(logic, seed):
    campaign = a_campaign(a_member("a", 1), a_member("b", 2), a_member("c", 3), logic=logic, seed=seed)
    books = rich(campaign)
    decide(campaign, 7, books)
    rotation = books.rotations["camp"]
    state = json.loads(json.dumps(rotation.to_json()))
    assert state.keys() <= KEYS[logic]
    assert rotation == Rotation.from_json(state, 7)


def test_no_state_at_all_is_a_new_rotation():
    assert Rotation() == Rotation.from_json({})
    assert {} == Rotation().to_json()
