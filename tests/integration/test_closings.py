"""Closed leads of the CRM: each is told to its realtor's managers once, whatever is sent again, late or at once."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from lead_pipeline.sandbox.scenarios.brazil_day import CLOSED, REALTORS, brazil_day
from lead_pipeline.sandbox.scenarios.scenario import Play
from lead_pipeline.sandbox.server import SandboxServer
from lead_pipeline.steps.plan_parties import plan_parties
from lead_pipeline.steps.run import Run
from tests.integration.closings import SELLER, manage, outcomes, told
from tests.integration.crm_days import SEED, CrmDays, contacts, person, seal
from tests.integration.test_parties_races import at_once

pytestmark = pytest.mark.integration
REPEATS, PLANNERS = 100, 6
CLOSED_AT = "2026-03-02T10:30:00Z"
SUBJECT = "close/L1/2026-03-02T10:30:00+00:00"


@pytest.fixture
def crm(world_at: Any) -> Iterator[CrmDays]:
    with SandboxServer(c2s_per_minute=None) as sandbox:
        yield CrmDays(world_at(sandbox.url))


def plan(crm: CrmDays, day: dt.date | None = None, run_id: str = "plan") -> dict[str, int]:
    return plan_parties(crm.world.url, seal(crm.world.var), day or crm.world.day, Run(run_id))


def test_a_closed_lead_is_told_to_each_manager_on_each_channel_and_stays_no_action(crm: CrmDays) -> None:
    manage(crm, slack="https://hooks.slack.com/services/x", email="rita@agency.example")
    manage(crm, name="Paulo", phone="+5511912345678", sms_opt_in=True)
    manage(crm, "other@agency.example", "Nobody")
    drop = crm.close("L1", seller=SELLER, customer=contacts(person(3)), lead_source={"name": "Portal"})
    assert {"enrich": 0, "unchanged": 0, "no_action": 1, "refused": 0} == plan(crm)
    subject = "close/L1/2026-03-02T12:00:00+00:00"
    assert [("Paulo", "sms", subject), ("Rita", "email", subject), ("Rita", "slack", subject)] == told(crm)
    assert [(drop, "L1", "marina@agency.example", "notified", 2, 3, "plan")] == crm.world.rows(
        "SELECT drop_id, crm_lead_id, realtor, outcome, managers, deliveries, run_id "
        "FROM outbound.manager_notifications"
    )
    [[context]] = crm.world.rows("SELECT context FROM outbound.deliveries WHERE channel = 'sms'")
    assert {
        "crm_lead_id": "L1", "realtor": "marina@agency.example", "realtor_name": "Marina Prado",
        "manager_name": "Paulo", "closed_at": "2026-03-02T12:00:00+00:00", "customer": person(3).name,
        "source": "Portal",
    } == context  # fmt: skip
    assert [("L1", "completed", None)] == crm.events()
    assert [("no_action",)] == crm.world.rows("SELECT verdict FROM core.crm_events")
    stored = str(crm.world.rows("SELECT d::text FROM outbound.deliveries d"))
    for hidden in (person(3).emails[0], person(3).phones[0], "912345678", "rita@", "hooks.slack.com"):
        assert hidden not in stored


def test_events_are_closed_and_enriched_in_one_pass_and_neither_disturbs_the_other(crm: CrmDays) -> None:
    manage(crm)
    crm.event("L1", **contacts(person(3)))
    crm.close("L1", minute=5, seller=SELLER)
    assert {"completed": 1} == crm.run()
    assert ({"L1": 1}, [("L1", "notified")]) == (crm.messages(), outcomes(crm))
    assert [("no_action",), ("enrich",)] == sorted(crm.world.rows("SELECT verdict FROM core.crm_events"), reverse=True)


def test_a_closing_that_is_sent_again_is_repeated_however_late_it_comes(crm: CrmDays) -> None:
    manage(crm)
    for minute in (3, 1, 2):
        crm.close("L1", minute=minute, seller=SELLER, closed_at=CLOSED_AT)
        plan(crm)
    crm.close("L1", day=crm.world.day + dt.timedelta(days=3), seller=SELLER, closed_at=CLOSED_AT)
    plan(crm, crm.world.day + dt.timedelta(days=3))
    assert [("Rita", "email", SUBJECT)] == told(crm)
    assert [("L1", "notified"), *[("L1", "repeated")] * 3] == outcomes(crm)


def test_a_lead_that_is_closed_anew_is_told_of_and_an_older_closing_that_comes_late_is_not(crm: CrmDays) -> None:
    manage(crm)
    for minute in (10, 30, 20, 30):
        crm.close("L1", minute=minute, seller=SELLER, number=minute)
        plan(crm)
    assert ["close/L1/2026-03-02T12:10:00+00:00", "close/L1/2026-03-02T12:30:00+00:00"] == [
        one for *_, one in told(crm)
    ]
    assert ["notified", "notified", "repeated"] == [outcome for _, outcome in outcomes(crm)]
    for minute in (50, 40):
        crm.close("L2", minute=minute, seller=SELLER)
    plan(crm)
    assert ["notified", "notified"] == [outcome for lead, outcome in outcomes(crm) if lead == "L2"], (
        "read in their order"
    )


def test_a_closing_without_a_moment_is_told_once_a_lead(crm: CrmDays) -> None:
    manage(crm)
    for number in range(3):
        crm.close("L1", seller=SELLER, updated_at=None, number=number)
        plan(crm)
    assert [("Rita", "email", "close/L1")] == told(crm)


def test_a_hundred_repeats_and_six_planners_at_once_tell_each_manager_once(crm: CrmDays) -> None:
    for name in ("Rita", "Paulo"):
        manage(crm, name=name)
    at_once(10, lambda first: [
        crm.close("L1", minute=number, seller=SELLER, closed_at=CLOSED_AT) for number in range(first, REPEATS, 10)
    ])  # fmt: skip
    at_once(PLANNERS, lambda number: plan(crm, run_id=f"plan-{number}"))
    assert [("Paulo", "email", SUBJECT), ("Rita", "email", SUBJECT)] == told(crm)
    assert [("notified", 1), ("repeated", REPEATS - 1)] == crm.world.rows(
        "SELECT outcome, count(*) FROM outbound.manager_notifications GROUP BY outcome ORDER BY outcome"
    )


def test_whoever_closed_a_lead_unknown_or_unnamed_is_noted_and_nobody_is_told(crm: CrmDays) -> None:
    manage(crm)
    manage(crm, "off@agency.example", "Off")
    crm.world.execute(
        "UPDATE outbound.destinations SET status = 'disabled', status_reason = 'gone' "
        "WHERE shown = 'o***@agency.example'"
    )
    crm.close("L1")
    crm.close("L2", seller={"id": "S-9", "name": "Somebody Else"})
    crm.close("L3", seller={"email": "off@agency.example"})
    crm.close("L4", seller=SELLER, workspace="tech")
    crm.close(None, seller=SELLER)
    plan(crm)
    assert [("L1", "no_realtor"), ("L2", "no_manager"), ("L3", "no_manager"), ("L4", "no_manager")] == outcomes(crm)
    assert [] == told(crm)
    assert 5 == crm.world.one("SELECT count(*) FROM core.crm_events WHERE verdict = 'no_action'")


def test_a_realtor_known_by_id_by_mail_or_by_a_name_of_its_own_has_its_managers_told_once(crm: CrmDays) -> None:
    for realtor in ("marina@agency.example", "s-7"):
        manage(crm, realtor)
    manage(crm, "s-7", "Paulo")
    manage(crm, "s-8", "Ana", realtor_name="Otávio Nunes")
    for realtor in ("s-1", "s-2"):
        manage(crm, realtor, "Eva", realtor_name="João Silva")
    crm.close("both", seller=SELLER)
    crm.close("id", seller={"id": "s-8", "name": "Somebody"})
    crm.close("name", seller="OTÁVIO  Nunes")
    crm.close("two", seller={"name": "João Silva"})
    plan(crm)
    assert [("both", "Paulo"), ("both", "Rita"), ("id", "Ana"), ("name", "Ana")] == [
        (subject.split("/")[1], name) for name, _, subject in told(crm)
    ]
    assert ("two", "no_manager") == outcomes(crm)[-1]


def test_whoever_manages_a_realtor_since_later_hears_of_what_is_closed_from_then_on(crm: CrmDays) -> None:
    crm.close("L1", seller=SELLER)
    plan(crm)
    manage(crm, since=dt.datetime(2026, 3, 2, 12, 5, tzinfo=dt.UTC))
    crm.close("L2", minute=4, seller=SELLER)
    crm.close("L3", minute=6, seller=SELLER)
    crm.close("L1", minute=7, seller=SELLER)
    plan(crm)
    assert ["no_manager", "no_manager", "notified", "notified"] == [outcome for _, outcome in outcomes(crm)]
    assert ["L1", "L3"] == [subject.split("/")[1] for *_, subject in told(crm)]


def test_old_events_that_are_taken_up_again_tell_nobody_anew(crm: CrmDays) -> None:
    manage(crm)
    for number in range(3):
        crm.close(f"L{number}", seller=SELLER)
    plan(crm)
    before = crm.world.rows("SELECT delivery_id, run_id FROM outbound.deliveries ORDER BY 1")
    noted = crm.world.rows("SELECT * FROM outbound.manager_notifications ORDER BY drop_id")
    manage(crm, name="Paulo", since=dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
    crm.world.execute("TRUNCATE core.crm_events")
    plan(crm, run_id="again")
    assert noted == crm.world.rows("SELECT * FROM outbound.manager_notifications ORDER BY drop_id")
    crm.world.execute("TRUNCATE core.crm_events, outbound.manager_notifications")
    plan(crm, run_id="anew")
    assert ["notified"] * 3 == [outcome for _, outcome in outcomes(crm)]
    assert before == crm.world.rows("SELECT delivery_id, run_id FROM outbound.deliveries ORDER BY 1")


@pytest.mark.slow
def test_a_plan_that_is_killed_at_any_point_leaves_each_closing_told_once(crm: CrmDays, nursery: Any) -> None:
    manage(crm)
    leads = 0

    def order() -> dict[str, Any]:
        """A day with two closings of a new lead, one of them twice."""
        nonlocal leads
        day = crm.world.day + dt.timedelta(days=leads)
        for minute, closed_at in ((1, 1), (2, 1), (3, 3)):
            moment = dt.datetime.combine(day, dt.time(11, closed_at), dt.UTC).isoformat()
            crm.close(f"L{leads}", day=day, minute=minute, seller=SELLER, closed_at=moment)
        leads += 1
        return {"url": crm.world.url, "sandbox": crm.world.sandbox, "var": str(crm.world.var), "day": str(day)}

    points = nursery.run("parties", **order())["points"]
    assert 2 <= points
    for turn in range(points):
        piece = order()
        assert nursery.run("parties", kill_at=turn + 1, **piece)["killed"]
        crm.world.wait_until_alone()
        plan(crm, dt.date.fromisoformat(piece["day"]))
    assert 2 * leads == len(told(crm))
    assert {("notified", 2 * leads), ("repeated", leads)} == set(
        crm.world.rows("SELECT outcome, count(*) FROM outbound.manager_notifications GROUP BY outcome")
    )


def test_a_day_of_the_crm_tells_of_every_closed_lead_once(crm: CrmDays) -> None:
    for number, realtor in enumerate(REALTORS[:-1]):
        manage(crm, (realtor["email"], realtor["id"])[number], realtor["name"].split()[0], realtor_name=realtor["name"])
    for message in brazil_day(Play("brazil-day", SEED, crm.world.day)):
        crm.world.land("c2s", message.event)
    crm.decide()
    plan(crm)
    plan(crm)
    counts = dict(
        crm.world.rows("SELECT outcome, count(*) FROM outbound.manager_notifications GROUP BY outcome ORDER BY outcome")
    )
    assert {"notified", "no_manager"} == set(counts)
    assert CLOSED == sum(counts.values())
    assert counts["notified"] == len(told(crm))
    assert {"Marina", "Otávio"} == {name for name, *_ in told(crm)}


def test_a_closing_whose_body_was_archived_still_counts_as_told(crm: CrmDays) -> None:
    manage(crm)
    drop = crm.close("L1", seller=SELLER, closed_at=CLOSED_AT)
    plan(crm)
    crm.world.execute("UPDATE raw.drops SET body = NULL, blob_path = 'archived' WHERE drop_id = %s", drop)
    crm.close("L1", minute=1, seller=SELLER, closed_at=CLOSED_AT)
    plan(crm)
    assert ["notified", "repeated"] == [outcome for _, outcome in outcomes(crm)]
    assert [("Rita", "email", SUBJECT)] == told(crm)
