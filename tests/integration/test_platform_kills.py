"""Days whose leads go to Salesforce and HubSpot, killed with SIGKILL after each commit and each answer in turn."""

from typing import Any

import pytest

from tests.integration.test_kills import KILLS, SEED, Days
from tests.integration.uploading import hubspot, salesforce, save

pytestmark = [pytest.mark.integration, pytest.mark.slow]
STRIDE = max(1, 300 // KILLS)
"""Every sixth point in a short run, of which each begins at another one; each point in a long one."""


class CrmDays(Days):
    """Each day's workspace has products behind the platforms that its leads go to."""

    def begin(self, number: int) -> dict[str, Any]:
        order = super().begin(number)
        owner = self._world.one("SELECT workspace_id::text FROM core.workspaces WHERE slug = %s", f"seller-{number}")
        for platform in ("tech-platform", "retail-platform", "general-platform"):
            save(self._world, salesforce(self._world, platform, workspace_id=owner))
        for platform in ("finance-platform", "marketing-platform", "healthcare-platform"):
            save(self._world, hubspot(self._world, platform, workspace_id=owner))
        return order


@pytest.mark.parametrize("target", ["platforms", "hubspot"])
def test_a_day_that_is_killed_at_each_point_has_each_lead_at_its_product_once(
    killable: Any, nursery: Any, target: str
) -> None:
    days = CrmDays(killable, ("payments",), limit=3)
    killable.fault(target, "lost_answer", every=3)
    points = nursery.run("day", **days.begin(0))["points"]
    assert 20 < points
    turns = range(1 + SEED % STRIDE, points + 1, STRIDE)
    for turn, point in enumerate(turns, start=1):
        nursery.run("day", kill_at=point, **days.begin(turn))
        killable.wait_until_alone()
        assert 0 == nursery.run("day", **days.order(turn))["code"]
    killable.clear_faults()
    for turn in range(len(turns) + 1):
        assert 0 == nursery.run("day", **days.order(turn))["code"]
    days.assert_whole(range(len(turns) + 1))
    assert {"salesforce", "hubspot"} >= set(killable.record()["platforms"])
    assert killable.effects()
