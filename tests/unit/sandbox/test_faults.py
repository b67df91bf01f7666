"""Faults on demand: which calls go wrong, and for how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lead_pipeline.sandbox.faults import PLATFORMS, FaultPlan, FaultSpec, targets_of

CLAY = targets_of("/clay/v1/contacts/search")


def plan(*specs, seed=7):
    made = FaultPlan(seed)
    for spec in specs:
        made.add(FaultSpec(**spec))
    return made


def kinds(made, calls, targets=CLAY, method="POST"):
    return [[spec.kind for spec in made.take(targets, method)] for _ in range(calls)]


def test_a_fault_ends_after_its_times():
    assert [["error"], ["error"], []] == kinds(plan({"target": "clay", "kind": "error", "times": 2}), 3)


def test_a_fault_without_times_lasts_until_it_is_cleared():
    made = plan({"target": "*", "kind": "reset"})
    assert [["reset"]] * 20 == kinds(made, 20)
    assert 1 == made.clear()
    assert [[]] == kinds(made, 1)


@given(every=st.integers(1, 7), times=st.integers(1, 5))
def test_every_nth_matching_call_goes_wrong(every, times):
    made = plan({"target": "clay", "kind": "error", "every": every, "times": times})
    hit = [number for number, found in enumerate(kinds(made, 50), start=1) if found]
    assert [every * n for n in range(1, times + 1)] == hit


def test_other_targets_neither_fail_nor_count():
    made = plan({"target": "clay", "kind": "error", "every": 2})
    assert [[]] * 3 == kinds(made, 3, targets_of("/clay/v1/emails/verify"))
    assert [[], ["error"]] == kinds(made, 2)


def test_latencies_add_up_and_come_before_the_earliest_other_fault():
    latency = {"target": "clay", "kind": "latency", "seconds": 1}
    made = plan({"target": "clay", "kind": "error", "times": 1}, latency, {"target": "*", "kind": "reset"}, latency)
    assert [["latency", "latency", "error"], ["latency", "latency", "reset"]] == kinds(made, 2)


def test_an_answer_can_be_lost_only_where_something_is_sent():
    made = plan({"target": "platforms", "kind": "lost_answer"})
    targets = targets_of("/platforms/tech-platform/leads/batch")
    assert [[]] == kinds(made, 1, targets, "GET")
    assert [["lost_answer"]] == kinds(made, 1, targets, "POST")


def test_chance_is_seeded():
    spec = {"target": "clay", "kind": "error", "probability": 0.3}
    first = kinds(plan(spec), 1000)
    assert first == kinds(plan(spec), 1000)
    assert first != kinds(plan(spec, seed=8), 1000)
    assert 250 < sum(map(len, first)) < 350


@pytest.mark.parametrize(
    ("path", "targets"),
    [
        ("/datashopper/v1/companies/search", {"datashopper", "*"}),
        ("/clay/v1/contacts/search", {"clay", "*"}),
        ("/clay/v1/emails/verify", {"clay-verify", "*"}),
        ("/clay/v1/enrichments", {"clay-async", "*"}),
        ("/audience-labs/v1/imports/imp-20260302-1/leads", {"audience-labs", "*"}),
        ("/diretrix/v1/cpf/by-phone", {"diretrix", "*"}),
        ("/work-api/v1/persons", {"work-api", "*"}),
        ("/c2s/v1/leads/77/messages", {"c2s", "*"}),
        ("/resend/emails", {"channels", "email", "resend", "*"}),
        ("/sendgrid/v3/mail/send", {"channels", "email", "sendgrid", "*"}),
        ("/twilio/2010-04-01/Accounts/AC1/Messages.json", {"channels", "twilio", "*"}),
        ("/slack/services/T1/B1/X", {"channels", "slack", "*"}),
        ("/hooks/buyer", {"channels", "hooks", "*"}),
        ("/alerts", {"alerts", "*"}),
        *((f"/platforms/{name}/leads", {"platforms", name, "*"}) for name in PLATFORMS),
        ("/platforms/other/leads", set()),
        ("/healthz", set()),
    ],
)
def test_a_path_belongs_to_its_targets(path, targets):
    assert targets == targets_of(path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "explode"},
        {"target": "nowhere"},
        {"times": 0},
        {"every": 0},
        {"probability": 1.5},
        {"kind": "latency"},
        {"kind": "latency", "seconds": float("inf")},
        {"often": 1},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        FaultSpec(**{"target": "clay", "kind": "error", **wrong})
