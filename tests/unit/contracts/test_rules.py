"""What a rules file may say: every problem at once, and warnings for what can never match."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lead_pipeline.contracts.rules import MAX_BYTES, RuleFile, parse_rules, warnings_for
from lead_pipeline.errors import RulesRefused
from tests.examples import examples

RULES = Path(__file__).parents[2] / "data" / "rules"


def a_rule(**values):
    return {"rule_name": "r", "destination": "d"} | values


def parse(*rules):
    return parse_rules(json.dumps(list(rules)), format="json")


def refusal(text, file_format="yaml"):
    with pytest.raises(RulesRefused) as refused:
        parse_rules(text, format=file_format)
    return str(refused.value)


def test_the_example_file_holds_its_two_rules_and_no_warning():
    parsed = parse_rules((RULES / "service-industry.yaml").read_text(), format="yaml")
    assert "master" == parsed.workspace
    assert [100, 90] == [rule.priority for rule in parsed.rules]
    assert ("HVAC", "Plumbing", "Electrical", "Landscaping") == parsed.rules[0].conditions.industries
    assert (("real-estate", "northeast"), ("email",)) == (
        parsed.rules[1].actions.tag_with,
        parsed.rules[1].actions.notify_via,
    )
    assert [] == warnings_for(parsed)


def test_yaml_and_json_say_the_same():
    text = (RULES / "service-industry.yaml").read_text()
    assert parse_rules(text, format="yaml") == parse_rules(json.dumps(yaml.safe_load(text)), format="json")


def test_a_bare_list_is_a_rules_file_that_names_no_workspace():
    parsed = parse(a_rule())
    assert (None, 0, True, True) == (
        parsed.workspace,
        parsed.rules[0].priority,
        parsed.rules[0].is_active,
        parsed.rules[0].actions.assign_to_workspace,
    )


def test_every_problem_of_a_file_is_named_by_rule_and_field_in_one_refusal():
    words = refusal((RULES / "bad-fields.yaml").read_text())
    expected = [
        "- rule 'Misspelt', conditions.industry: is not a known key: did you mean industries?",
        "- rule 'Misspelt', prioriti: is not a known key: did you mean priority?",
        "- rule 'Wrong values', priority: must be a whole number, but is 'high'",
        "- rule 'Wrong values', conditions.industries: is an empty list, which nothing matches: "
        "leave the key out to not constrain",
        "- rule 'Wrong values', conditions.countries: must be a list such as [a, b], but is 'US'",
        "- rule 'Wrong values', actions.assign_to_workspace: must be true or false, but is 'sometimes'",
        "- rule 'Wrong values', actions.notify_via[0]: 'pigeon' is not one of 'email', 'slack', 'sms' or 'webhook'",
        "- rule 'Wrong values', is_active: must be true or false, but is 'maybe'",
        "- rule number 5, rule_name: is missing",
        "- rule number 5, destination: is missing",
        "- rule 'Twice', rule_name: rules number 3 and 4 share it",
    ]
    assert sorted(expected) == sorted(words.splitlines()[1:])
    assert f"{len(expected)} problem(s) in the file, no rule was loaded:" == words.splitlines()[0]


def test_norway_read_as_false_is_named_as_such():
    words = refusal((RULES / "bad-norway.yaml").read_text())
    assert "rule 'Nordic leads', conditions.countries[1]: is false, not text" in words
    assert "write Norway as 'NO', in quotes" in words


def test_norway_in_quotes_is_a_country():
    parsed = parse_rules('[{rule_name: r, destination: d, conditions: {countries: ["NO"]}}]', format="yaml")
    assert [] == warnings_for(parsed)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ((RULES / "bad-aliases.yaml").read_text(), "line 4 uses the alias *a"),
        ((RULES / "bad-same-key.yaml").read_text(), "line 4 names the key 'countries' again"),
        ("- !!python/object/apply:os.system [ls]", "uses the tag"),
        ("- !!bool x", "uses the tag"),
        ("[" * 100_000, "nests deeper than 20 levels"),
        ("#" * (MAX_BYTES + 1), "split it by workspace"),
        ("", "holds no rules"),
        ("rules", "holds no rules"),
        ("a: b: c", "cannot be read as YAML"),
        ("a: 1\n---\nb: 2", "cannot be read as YAML"),
        ("2024-13-45", "cannot be read as YAML"),
        ("workspase: x\nrules: []", "the file, workspase: is not a known key: did you mean workspace?"),
        ("workspace: x", "the file, rules: is missing"),
        (
            "- {rule_name: r, destination: d, conditions: {countries: }}",
            "must be a list such as [a, b], but is nothing",
        ),
        ("- {rule_name: ' ', destination: d}", "is blank"),
        ("- {rule_name: 7, destination: d}", "must be text, but is 7: put it in quotes"),
        ("- {rule_name: r, destination: d, priority: 1e9}", "must be a whole number"),
        ("- {rule_name: r, destination: d, priority: 3000000000}", "less than 2147483648"),
        ("- {rule_name: r, destination: d, conditions: [US]}", "must be a mapping of keys"),
        ("- text", "rule number 1: must be a mapping"),
        ("- {rule_name: r, destination: d, yes: 1}", "True"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_a_reason(text, words):
    assert words in refusal(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[{"rule_name": "a", "rule_name": "b"}]', "the key 'rule_name' stands twice"),
        ("[" * 100_000, "nests deeper than 20 levels"),
        ("[" * 300 + "]" * 300, "nests deeper than 20 levels"),
        ("{", "cannot be read as JSON"),
        ('[{"rule_name": "\\u0000", "destination": "d"}]', "control character"),
        ('[{"rule_name": "\\ud800", "destination": "d", "\\ud801": 1}]', "\\ud801"),
    ],
)
def test_a_json_file_that_cannot_be_meant_is_refused_with_a_reason(text, words):
    assert words in refusal(text, "json")


@settings(max_examples=examples(150))
@given(text=st.text(max_size=80) | st.text("-[]{}:,&*!'\"?|># \nrulesYN0", max_size=60))
@example("- ? [a]\n  : b")
@example("? {a: b}\n: c")
def test_any_text_is_either_read_or_refused(text):
    for file_format in ("yaml", "json"):
        try:
            assert isinstance(parse_rules(text, format=file_format), RuleFile)
        except RulesRefused as refused:
            str(refused).encode()


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
keys = st.sampled_from(["rules", "workspace", "rule_name", "conditions", "countries", "actions", "notify_via", "x"])
contents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=examples(150))
@given(content=contents)
def test_any_content_is_either_read_or_refused(content):
    try:
        parse_rules(json.dumps({"rules": content}), format="json")
    except RulesRefused as refused:
        assert "problem(s) in the file" in str(refused)


def test_a_value_that_can_never_match_is_warned_of_by_rule_and_value():
    conditions = {
        "industries": [" HVAC"],
        "countries": ["United States", "us", "Atlantis", "CA"],
        "regions": ["North-East", "South"],
        "states": ["US-NY", "ON", "Quebec", "ZZ"],
    }
    state = "is not the code of a state of United States, us, Atlantis, CA, as leads have it (NY, not US-NY)"
    assert [
        "rule 'r': industry ' HVAC' has spaces around it: write 'HVAC'",
        "rule 'r': country 'United States' is not an ISO 3166 code of two letters: write 'US'",
        "rule 'r': country 'us' is not an ISO 3166 code of two letters: write 'US'",
        "rule 'r': country 'Atlantis' is not an ISO 3166 code of two letters",
        "rule 'r': region 'North-East' is not one of Northeast, Midwest, South, West",
        f"rule 'r': state 'US-NY' {state}",
        f"rule 'r': state 'Quebec' {state}: write 'QC'",
        f"rule 'r': state 'ZZ' {state}",
    ] == warnings_for(parse(a_rule(conditions=conditions)))


def test_a_state_with_its_country_is_told_its_own_code():
    warnings = warnings_for(parse(a_rule(conditions={"states": ["US-NY", "NY"]})))
    assert ["write 'NY'"] == [warning.rpartition(": ")[2] for warning in warnings]


def test_rules_behind_one_without_conditions_are_never_reached():
    rules = [
        a_rule(rule_name="late", conditions={"countries": ["US"]}),
        a_rule(rule_name="all", priority=5),
        a_rule(rule_name="early", priority=9, conditions={"countries": ["US"]}),
        a_rule(rule_name="off", is_active=False, priority=-1),
    ]
    assert ["rule 'late' is never reached: rule 'all' is tried earlier and has no conditions"] == warnings_for(
        parse(*rules)
    )
