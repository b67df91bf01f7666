"""Closed leads as Dagster runs them: a run for closings that somebody is told of, three tables of one step, a check."""

import datetime as dt
from typing import Any

import pytest

from tests.integration.closings import BEFORE, SELLER, manage, outcomes, told
from tests.integration.crm_days import CrmDays, contacts, person
from tests.integration.test_sensors import passed, requests, run, tick

pytestmark = pytest.mark.integration
TODAY = dt.datetime.now(dt.UTC).date()
CHECK = "closed_leads_are_told"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    from lead_pipeline.orchestration import sensors

    monkeypatch.setattr(sensors, "LISTEN_SECONDS", 0)


@pytest.fixture
def crm(world: Any, dagster: Any) -> CrmDays:
    return CrmDays(world)


def check_of(result: Any) -> Any:
    [found] = [one for one in result.get_asset_check_evaluations() if one.check_name == CHECK]
    return found


def test_a_closing_that_somebody_is_told_of_has_a_run_at_once_and_one_for_nobody_has_none(
    crm: CrmDays, dagster: Any
) -> None:
    crm.close("L1", day=TODAY, seller=SELLER)
    assert [] == requests(tick("c2s_events", dagster))
    manage(crm, since=BEFORE)
    [request] = requests(tick("c2s_events", dagster))
    assert ("party_enrichment", "1") == (request.job_name, request.tags["lead_pipeline/count"])
    result = run(dagster, request)
    assert passed(result)
    assert (["L1"], [("L1", "notified")]) == ([one.split("/")[1] for *_, one in told(crm)], outcomes(crm))
    assert [] == requests(tick("c2s_events", dagster))
    assert check_of(result).passed


def test_one_run_materialises_parties_messages_and_notifications_each_with_its_states(
    crm: CrmDays, dagster: Any
) -> None:
    manage(crm)
    crm.event("L1", day=TODAY, **contacts(person(3)))
    crm.event("L2", day=TODAY, email="nobody@nowhere.example")
    crm.close("L3", day=TODAY, seller=SELLER)
    crm.close("L3", day=TODAY, minute=1, seller=SELLER, updated_at=None)
    result = run(dagster, requests(tick("webhook_drops", dagster))[0])
    assert result.success
    shown = {
        made.asset_key.to_user_string(): {
            name: value.value for name, value in made.metadata.items() if "_" in name and "schema" not in name
        }
        for made in result.asset_materializations_for_node("party_enrichments")
    }
    expected = {
        "party_enrichments": {"enrichments_completed": 1, "enrichments_failed": 1},
        "crm_messages": {"messages_sent": 1},
        "manager_notifications": {"closings_notified": 1, "closings_repeated": 1},
    }
    assert set(expected) == set(shown)
    for table, states in expected.items():
        assert states.items() <= shown[table].items()
        rows = 2 if table != "crm_messages" else 1
        assert rows == shown[table]["dagster/partition_row_count"]


def test_the_check_names_leads_without_a_manager_and_closings_that_nobody_took_up(crm: CrmDays, dagster: Any) -> None:
    crm.close("L0", seller=SELLER, workspace="tech")
    manage(crm)
    crm.close("L1", seller={"id": "S-9"})
    crm.close("L2")
    result = crm.world.run_job(dagster, name="party_enrichment")
    found = check_of(result)
    assert not found.passed
    assert ["L1: no_manager", "L2: no_realtor"] == found.metadata["leads"].value
    assert (2, 0) == (found.metadata["without_manager"].value, found.metadata["not_taken_up"].value)
    drop = crm.close(None, minute=1, seller=SELLER)
    result = crm.world.run_job(dagster, name="party_enrichment")
    assert [drop] == check_of(result).metadata["drops"].value
