"""What a rules file may say, and what it says that can never happen.

Holds the models, `parse_rules` (every problem of a file, named by rule and field) and `warnings_for`. Does
not hold the matching (`domain.routing`) nor which workspaces exist (`steps.load_rules` asks the store).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, Literal

import pandas as pd
import pycountry
import yaml
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr, ValidationError

from lead_pipeline.contracts.yaml_text import MAX_DEPTH, read_yaml
from lead_pipeline.domain.geography import REGIONS, is_country_code, normalise_countries, normalise_states
from lead_pipeline.errors import RulesRefused

MAX_BYTES = 1_048_576
MAX_PROBLEMS_SHOWN = 50

_PRINTABLE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
Text = Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=_PRINTABLE)]
Values = Annotated[tuple[Text, ...], Field(min_length=1)]
Channel = Literal["email", "slack", "sms", "webhook"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Conditions(_Part):
    """Keys AND, values within a key OR; a key that is absent does not constrain."""

    industries: Values = ()
    countries: Values = ()
    regions: Values = ()
    states: Values = ()


class Actions(_Part):
    """What happens to a lead that the rule wins."""

    assign_to_workspace: StrictBool = True
    tag_with: Values = ()
    notify_via: Annotated[tuple[Channel, ...], Field(min_length=1)] = ()


class Rule(_Part):
    """One rule. `destination` is a workspace's slug or id; a higher `priority` is tried first."""

    rule_name: Text
    priority: Annotated[StrictInt, Field(ge=-(2**31), lt=2**31)] = 0
    conditions: Conditions = Conditions()
    destination: Text
    actions: Actions = Actions()
    is_active: StrictBool = True


class RuleFile(_Part):
    """The rules of one workspace; `workspace` is its slug or id, None where the file does not say."""

    workspace: Text | None = None
    rules: tuple[Rule, ...]


_MODELS: Mapping[str, type[BaseModel]] = {"conditions": Conditions, "actions": Actions}


def parse_rules(text: str, *, format: Literal["yaml", "json"]) -> RuleFile:
    """Read a rules file: a list of rules, or `{"workspace": ..., "rules": [...]}`.

    Raises RulesRefused with every problem of the file, each named by rule and field.
    """
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise RulesRefused(f"the file has more than {MAX_BYTES:,} bytes: split it by workspace")
    try:
        raw = read_yaml(text) if format == "yaml" else _read_json(text)
    except (yaml.YAMLError, ValueError) as error:
        raise RulesRefused(f"the file cannot be read as {format.upper()}: {error}") from error
    except RecursionError as error:
        raise RulesRefused(f"the file nests deeper than {MAX_DEPTH} levels; a rule needs five") from error
    content = {"rules": raw} if isinstance(raw, list) else raw
    if not isinstance(content, dict):
        raise RulesRefused('the file holds no rules: write a list, or {"workspace": ..., "rules": [...]}')
    problems: list[str] = []
    try:
        parsed = RuleFile.model_validate(content)
    except ValidationError as error:
        problems = [_problem(dict(details), content) for details in error.errors() if _is_own(details)]
    problems += _repeated_names(content)
    if problems:
        raise _refusal(problems)
    return parsed


def _refusal(problems: list[str]) -> RulesRefused:
    shown = problems[:MAX_PROBLEMS_SHOWN]
    if len(problems) > len(shown):
        shown.append(f"and {len(problems) - len(shown)} more")
    message = "\n".join([f"{len(problems)} problem(s) in the file, no rule was loaded:", *shown])
    return RulesRefused(message.encode(errors="backslashreplace").decode())


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} stands twice in one object")
    return content


def _read_json(text: str) -> Any:
    content = json.loads(text, object_pairs_hook=_unique)
    level, depth = [content], 0
    while level := [
        child
        for part in level
        if isinstance(part, dict | list)
        for child in (part.values() if isinstance(part, dict) else part)
    ]:
        depth += 1
        if depth > MAX_DEPTH:
            raise RecursionError
    return content


def _is_own(details: Mapping[str, Any]) -> bool:
    """Not the echo of a list's broken items, without which pydantic finds the list too short."""
    return not (details["type"] == "too_short" and details["input"])


def _label(rules: Any, position: int) -> str:
    rule = rules[position] if isinstance(rules, list) else None
    name = rule.get("rule_name") if isinstance(rule, dict) else None
    return f"rule {name!r}" if isinstance(name, str) and name else f"rule number {position + 1}"


def _problem(details: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """One pydantic error in the words of the file: which rule, which field, what to write instead."""
    location = tuple(details["loc"])
    in_rule = len(location) > 1 and location[0] == "rules" and isinstance(location[1], int)
    path = location[2:] if in_rule else location
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    where = _label(content.get("rules"), location[1]) if in_rule else "the file"
    return f"- {where}{f', {field}' if field else ''}: {_advice(details, path, in_rule)}"


def _advice(details: Mapping[str, Any], path: tuple[Any, ...], in_rule: bool) -> str:
    kind, value = details["type"], details["input"]
    if kind == "extra_forbidden":
        model = _MODELS.get(str(path[0]), Rule) if len(path) > 1 else Rule if in_rule else RuleFile
        return _unknown_key(str(path[-1]), list(model.model_fields))
    if kind == "missing":
        return "is missing"
    if kind == "literal_error":
        return f"{value!r} is not one of {details['ctx']['expected']}"
    if kind == "string_type" and isinstance(value, bool):
        norway = "countries" in path and not value
        return _TRUTH[value] + ("write Norway as 'NO', in quotes" if norway else "put it in quotes")
    if kind in _WORDS:
        return _WORDS[kind](value)
    return f"{details['msg']} (it is {_shown(value)})"


_TRUTH = {
    False: "is false, not text, which is how YAML reads a bare NO, OFF or FALSE: ",
    True: "is true, not text, which is how YAML reads a bare YES, ON or TRUE: ",
}
_WORDS: Mapping[str, Callable[[Any], str]] = {
    "string_type": lambda value: f"must be text, but is {_shown(value)}: put it in quotes",
    "tuple_type": lambda value: f"must be a list such as [a, b], but is {_shown(value)}",
    "too_short": lambda value: "is an empty list, which nothing matches: leave the key out to not constrain",
    "string_too_short": lambda value: "is empty",
    "string_pattern_mismatch": lambda value: f"is blank or has a control character: {_shown(value)}",
    "bool_type": lambda value: f"must be true or false, but is {_shown(value)}",
    "int_type": lambda value: f"must be a whole number, but is {_shown(value)}",
    "model_type": lambda value: f"must be a mapping of keys, but is {_shown(value)}",
}


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _unknown_key(key: str, known: list[str]) -> str:
    close = get_close_matches(key, known, n=1)
    return "is not a known key: " + (f"did you mean {close[0]}?" if close else f"use {', '.join(known)}")


def _repeated_names(content: Mapping[str, Any]) -> Iterator[str]:
    rules = content.get("rules")
    seen: dict[str, int] = {}
    for position, rule in enumerate(rules if isinstance(rules, list) else []):
        name = rule.get("rule_name") if isinstance(rule, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            yield f"- rule {name!r}, rule_name: rules number {seen[name] + 1} and {position + 1} share it"
        seen.setdefault(name, position)


def warnings_for(rule_file: RuleFile) -> list[str]:
    """What the file allows but what can never match, by rule name and value."""
    warnings = [f"rule {rule.rule_name!r}: {warning}" for rule in rule_file.rules for warning in _never_matching(rule)]
    active = [rule for rule in rule_file.rules if rule.is_active]
    tried = sorted(active, key=lambda rule: (-rule.priority, rule.rule_name))
    catch_all = next((n for n, rule in enumerate(tried) if rule.conditions == Conditions()), len(tried))
    return warnings + [
        f"rule {rule.rule_name!r} is never reached: rule {tried[catch_all].rule_name!r} is tried earlier "
        "and has no conditions"
        for rule in tried[catch_all + 1 :]
    ]


def _never_matching(rule: Rule) -> Iterator[str]:
    conditions = rule.conditions
    for value in conditions.industries:
        if value != value.strip():
            yield f"industry {value!r} has spaces around it: write {value.strip()!r}"
    for value in conditions.countries:
        if not is_country_code(value):
            yield f"country {value!r} is not an ISO 3166 code of two letters{_country_hint(value)}"
    for value in conditions.regions:
        if value not in REGIONS:
            yield f"region {value!r} is not one of {', '.join(REGIONS)}"
    for value in conditions.states:
        if value not in _state_codes(conditions.countries):
            place = f" of {', '.join(conditions.countries)}" if conditions.countries else ""
            hint = _state_hint(value, conditions.countries or ("US",))
            yield f"state {value!r} is not the code of a state{place}, as leads have it (NY, not US-NY){hint}"


def _country_hint(value: str) -> str:
    code = normalise_countries(pd.Series([value], dtype="str")).iloc[0]
    return f": write {code!r}" if isinstance(code, str) else ""


def _state_hint(value: str, countries: tuple[str, ...]) -> str:
    asked = pd.Series([value] * len(countries), dtype="str")
    codes = normalise_states(asked, pd.Series(countries, dtype="str")).dropna()
    return f": write {codes.iloc[0]!r}" if len(codes) else ""


@cache
def _state_codes(countries: tuple[str, ...]) -> frozenset[str]:
    """ISO 3166-2 codes without their country; those of every country where none is named."""
    places = [place.code.partition("-") for place in pycountry.subdivisions]
    return frozenset(code for country, _, code in places if not countries or country in countries)
