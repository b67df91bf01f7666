"""The routing decision against a naive row-by-row oracle, and the explanation against the decision."""

import time
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain import routing
from lead_pipeline.domain.routing import RULE_COLUMNS, Check, explain, route_leads
from tests.examples import examples

LEAD_COLUMNS = ("workspace_id", "industry", "industry_group", "country", "region", "state")
COLUMNS_OF = {
    "industries": ("industry", "industry_group"),
    "countries": ("country",),
    "regions": ("region",),
    "states": ("state",),
}


def a_lead(**values: Any) -> dict[str, Any]:
    return dict.fromkeys(LEAD_COLUMNS) | {"workspace_id": "home"} | values


def a_rule(name: str = "rule", **values: Any) -> dict[str, Any]:
    return {
        "rule_id": f"id-{name}",
        "version": 1,
        "workspace_id": "home",
        "rule_name": name,
        "priority": 0,
        "conditions": {},
        "destination_workspace_id": f"to-{name}",
        "actions": {},
        "is_active": True,
    } | values


def frame_of_leads(*leads: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series([lead[c] for lead in leads], dtype="str") for c in LEAD_COLUMNS})


def frame_of_rules(*rules: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rules), columns=list(RULE_COLUMNS))


def route_one(lead: dict[str, Any], *rules: dict[str, Any]) -> dict[str, Any]:
    return route_leads(frame_of_leads(lead), frame_of_rules(*rules)).iloc[0].to_dict()


def naive(lead: dict[str, Any], rules: list[dict[str, Any]]) -> tuple[Any, Any, Any, str]:
    """(destination, rule id, version, reason), by reading the rules one at a time."""
    own = [r for r in rules if r["is_active"] and r["workspace_id"] == lead["workspace_id"]]
    if not own:
        return lead["workspace_id"], None, None, "No rules in this workspace"
    for rule in sorted(own, key=lambda r: (-r["priority"], r["rule_name"], r["rule_id"])):
        for key, wanted in rule["conditions"].items():
            observed = [lead[column] for column in COLUMNS_OF.get(key, ())]
            if not isinstance(wanted, list) or not any(v is not None and v in wanted for v in observed):
                break
        else:
            stays = rule["actions"].get("assign_to_workspace", True) is not True
            destination = rule["workspace_id"] if stays else rule["destination_workspace_id"]
            return destination, rule["rule_id"], rule["version"], f"Matched rule: {rule['rule_name']}"
    return lead["workspace_id"], None, None, "No matching rule"


def rows_of(result: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(result.astype(object).where(result.notna(), None).itertuples(index=False, name=None))


words = st.sampled_from(["HVAC", "hvac", "US", "Northeast", "NY", "", "Ünï"])
leads_strategy = st.lists(
    st.fixed_dictionaries(
        {"workspace_id": st.sampled_from(["home", "other", None])}
        | {column: st.none() | words for column in LEAD_COLUMNS[1:]}
    ),
    max_size=12,
)
rule_strategy = st.fixed_dictionaries(
    {
        "version": st.integers(1, 9),
        "workspace_id": st.sampled_from(["home", "home", "other"]),
        "rule_name": st.sampled_from(["a", "b", "B", "é"]),
        "priority": st.integers(-2, 2),
        "conditions": st.dictionaries(
            st.sampled_from([*COLUMNS_OF, *COLUMNS_OF, "cities"]),
            st.lists(words, max_size=4) | st.sampled_from(["US", None, False]),
            max_size=3,
        ),
        "destination_workspace_id": st.sampled_from(["x", "y"]),
        "actions": st.sampled_from([{}, {"assign_to_workspace": False}, {"assign_to_workspace": True}]),
        "is_active": st.sampled_from([True, True, False]),
    }
)
rules_strategy = st.lists(rule_strategy, max_size=140).map(
    lambda rules: [rule | {"rule_id": f"id-{number}"} for number, rule in enumerate(rules)]
)


@settings(max_examples=examples(150))
@given(leads=leads_strategy, rules=rules_strategy)
def test_the_first_match_of_a_naive_reading_wins(leads, rules):
    result = route_leads(frame_of_leads(*leads), frame_of_rules(*rules))
    assert [naive(lead, rules) for lead in leads] == rows_of(result)


@settings(max_examples=examples(75))
@given(leads=leads_strategy, rules=rules_strategy)
def test_the_winner_that_is_explained_is_the_winner_that_was_stored(leads, rules):
    frame = frame_of_rules(*rules)
    for lead, stored in zip(leads, rows_of(route_leads(frame_of_leads(*leads), frame)), strict=True):
        verdicts = explain(lead, frame)
        won = [(verdict.rule_id, verdict.version) for verdict in verdicts if verdict.won]
        assert ([stored[1:3]] if stored[1] is not None else []) == won
        assert [all(check.passed for check in v.checks) for v in verdicts] == [v.matched for v in verdicts]


@settings(max_examples=examples(75))
@given(leads=leads_strategy, rules=rules_strategy, data=st.data())
def test_the_order_of_rows_and_rules_does_not_matter(leads, rules, data):
    expected = route_leads(frame_of_leads(*leads), frame_of_rules(*rules))
    order = data.draw(st.permutations(range(len(leads))))
    shuffled_rules = data.draw(st.permutations(rules))
    shuffled = route_leads(frame_of_leads(*leads).iloc[np.array(order, dtype=int)], frame_of_rules(*shuffled_rules))
    pd.testing.assert_frame_equal(expected, shuffled.sort_index(), check_index_type=False)


@settings(max_examples=examples(75))
@given(leads=leads_strategy, rules=rules_strategy)
def test_neither_the_size_of_a_chunk_nor_of_a_code_shows_in_the_result(leads, rules):
    expected = route_leads(frame_of_leads(*leads), frame_of_rules(*rules))
    with mock.patch.multiple(routing, _CHUNK_WORDS=2, _LARGEST_CODE=4):
        pd.testing.assert_frame_equal(expected, route_leads(frame_of_leads(*leads), frame_of_rules(*rules)))


def test_the_result_keeps_the_index_and_has_the_promised_types():
    leads = frame_of_leads(a_lead(), a_lead(workspace_id="elsewhere")).set_axis([7, 3])
    result = route_leads(leads, frame_of_rules(a_rule()))
    assert [7, 3] == list(result.index)
    assert {"destination_id": "str", "rule_id": "str", "rule_version": "Int64", "reason": "str"} == {
        column: str(dtype) for column, dtype in result.dtypes.items()
    }
    assert [("to-rule", "id-rule", 1, "Matched rule: rule")] == rows_of(result)[:1]
    assert [("elsewhere", None, None, "No rules in this workspace")] == rows_of(result)[1:]


def test_no_leads_and_no_rules_give_an_empty_result():
    assert 0 == len(route_leads(frame_of_leads(), frame_of_rules()))


def test_the_higher_priority_is_tried_first():
    assert "id-b" == route_one(a_lead(), a_rule("a", priority=90), a_rule("b", priority=100))["rule_id"]


def test_matching_is_case_sensitive():
    rule = a_rule(conditions={"industries": ["HVAC"]})
    assert "No matching rule" == route_one(a_lead(industry="Hvac"), rule)["reason"]


def test_an_industry_condition_matches_the_vendors_word_or_our_group():
    rule = a_rule(conditions={"industries": ["Home Services"]})
    assert "id-rule" == route_one(a_lead(industry="HVAC", industry_group="Home Services"), rule)["rule_id"]
    assert "id-rule" == route_one(a_lead(industry="Home Services"), rule)["rule_id"]


def test_a_value_that_the_lead_lacks_counts_against_the_rule():
    rule = a_rule(conditions={"industries": ["HVAC"], "countries": ["US"]})
    assert "No matching rule" == route_one(a_lead(industry="HVAC"), rule)["reason"]


def test_a_condition_of_a_kind_that_is_not_known_never_holds():
    assert "No matching rule" == route_one(a_lead(), a_rule(conditions={"cities": ["Berlin"]}))["reason"]


def test_a_rule_that_does_not_assign_wins_and_leaves_the_lead_where_it_is():
    rule = a_rule(actions={"assign_to_workspace": False, "tag_with": ["seen"]})
    routed = route_one(a_lead(), rule, a_rule("second", priority=-1))
    assert ("home", "id-rule") == (routed["destination_id"], routed["rule_id"])


def test_rules_that_are_off_or_of_another_workspace_are_not_tried():
    rules = [a_rule("off", is_active=False), a_rule("theirs", workspace_id="other")]
    assert [] == explain(a_lead(), frame_of_rules(*rules))
    assert "No rules in this workspace" == route_one(a_lead(), *rules)["reason"]


def test_an_explanation_names_the_value_that_decided():
    rule = a_rule(conditions={"industries": ["Legal"], "regions": ["Northeast"], "states": ["NY"]})
    lead = a_lead(industry="Law firm", industry_group="Legal", region="West")
    assert [
        Check("industries", ("Legal",), "Legal", passed=True),
        Check("regions", ("Northeast",), "West", passed=False),
        Check("states", ("NY",), None, passed=False),
    ] == explain(lead, frame_of_rules(rule))[0].checks


def test_a_later_rule_that_matches_too_did_not_win():
    verdicts = explain(a_lead(), frame_of_rules(a_rule("second"), a_rule("first", priority=5)))
    assert [("first", True, True), ("second", True, False)] == [(v.rule_name, v.matched, v.won) for v in verdicts]


def test_a_thousand_rules_decide_a_hundred_thousand_distinct_leads_in_seconds():
    rules = [
        a_rule(
            f"{n:04}",
            conditions={"industries": [f"industry {n + k}" for k in range(10)], "states": ["NY"]},
        )
        for n in range(1_000)
    ]
    count = 100_000
    leads = pd.DataFrame(
        {
            "workspace_id": "home",
            "industry": [f"industry {n}" for n in range(count)],
            "industry_group": [f"group {n}" for n in range(count)],
            "country": "US",
            "region": "Northeast",
            "state": "NY",
        }
    ).astype("str")
    started = time.perf_counter()
    result = route_leads(leads, frame_of_rules(*rules))
    assert 10 > time.perf_counter() - started
    assert 1_009 == result["rule_id"].notna().sum()
