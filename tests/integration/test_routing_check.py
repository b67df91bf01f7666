"""The check that decides routing again: it sees an assignment that was tampered with, and knows the rules of old."""

from typing import Any

import pytest

from lead_pipeline.steps.recompute_routing import recompute_routing

pytestmark = pytest.mark.integration

TAMPERING = {
    "destination": "destination_id = (SELECT workspace_id FROM core.workspaces WHERE slug = 'seller')",
    "reason": "reason = 'Matched rule: another'",
    "rule": "rule_id = (SELECT rule_id FROM core.lead_routing_rules WHERE rule_name = 'Finance')",
    "version of the rule": "rule_version = 9",
    "no rule at all": "rule_id = NULL, rule_version = NULL",
    "a version without rules": "rule_set_version = 0",
}


def check_of(world: Any, dagster: Any) -> Any:
    result = world.run_job(dagster)
    return next(
        check for check in result.get_asset_check_evaluations() if check.check_name == "routing_can_be_recomputed"
    )


@pytest.fixture
def routed(world: Any) -> Any:
    world.run_day()
    return world


@pytest.mark.parametrize("change", TAMPERING.values(), ids=TAMPERING)
def test_an_assignment_that_was_tampered_with_comes_out_otherwise(routed: Any, change: str) -> None:
    assert [] == recompute_routing(routed.url, routed.day)[1]["lead_id"].tolist()
    [[lead]] = routed.rows("SELECT lead_id::text FROM core.lead_assignments WHERE reason LIKE '%%Technology' LIMIT 1")
    routed.execute(f"UPDATE core.lead_assignments SET {change} WHERE lead_id = %s", lead)
    sampled, wrong = recompute_routing(routed.url, routed.day)
    assert routed.one("SELECT count(*) FROM core.leads") == sampled
    assert [lead] == wrong["lead_id"].tolist()


def test_the_check_names_the_tampered_lead_and_stops_nothing(world: Any, dagster: Any) -> None:
    assert check_of(world, dagster).passed
    [[lead]] = world.rows("SELECT lead_id::text FROM core.lead_assignments LIMIT 1")
    world.execute("UPDATE core.lead_assignments SET reason = 'a friend asked' WHERE lead_id = %s", lead)
    check = check_of(world, dagster)
    assert not check.passed
    assert [lead] == check.metadata["otherwise"].value


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE core.lead_routing_rules SET is_active = false WHERE valid_to IS NULL",
        "DELETE FROM core.lead_routing_rules WHERE valid_to IS NULL",
        "UPDATE core.lead_routing_rules SET priority = -priority, conditions = '{}' WHERE valid_to IS NULL",
    ],
    ids=["switched off", "deleted", "turned round"],
)
def test_a_decision_is_judged_by_the_rules_of_its_own_version(world: Any, change: str) -> None:
    world.run_day(limit=4)
    world.execute(change)
    sampled, wrong = recompute_routing(world.url, world.day)
    assert (sampled, []) == (world.one("SELECT count(*) FROM core.leads"), wrong["lead_id"].tolist())
    next_day = world.day.replace(day=world.day.day + 1)
    world.run_day(next_day, limit=6)
    for day in (world.day, next_day):
        assert [] == recompute_routing(world.url, day)[1]["lead_id"].tolist()
    assert 2 == world.one("SELECT count(DISTINCT rule_set_version) FROM core.lead_assignments")


def test_a_day_without_leads_has_nothing_to_recompute(world: Any) -> None:
    sampled, wrong = recompute_routing(world.url, world.day)
    assert (0, 0) == (sampled, len(wrong))
