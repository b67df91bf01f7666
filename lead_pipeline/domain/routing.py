"""Which workspace gets a lead: the first of its workspace's rules that matches.

Holds the decision (`route_leads`, for columns) and its explanation (`explain`, for one lead). Does not hold
where rules are kept (`store.rules`), what a rules file may say (`contracts.rules`) or what becomes of a
winner's tags and notices.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

RULE_COLUMNS = (
    "rule_id",
    "version",
    "workspace_id",
    "rule_name",
    "priority",
    "conditions",
    "destination_workspace_id",
    "actions",
    "is_active",
)
# Which lead columns a condition looks at; one of them has to hold one of its values.
CONDITION_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "industries": ("industry", "industry_group"),
    "countries": ("country",),
    "regions": ("region",),
    "states": ("state",),
}
NO_MATCH = "No matching rule"
NO_RULES = "No rules in this workspace"

_CHUNK_WORDS = 2_000_000  # 16 MB of 64-rule words at a time
_LARGEST_CODE = 2**62

_Codes = npt.NDArray[np.intp]
_Objects = npt.NDArray[np.object_]
_Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of one rule; `observed` is the lead's value that decided it, None where it has none."""

    key: str
    wanted: tuple[str, ...]
    observed: str | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule said about one lead. A rule without conditions has no checks and matches."""

    rule_id: str
    version: int
    rule_name: str
    priority: int
    matched: bool
    won: bool
    checks: list[Check]


def route_leads(leads: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Decide each lead's destination workspace by its own workspace's active rules.

    Args:
        leads: one row per lead; `workspace_id`, `industry` (the vendor's word), `industry_group` (ours),
            `country`, `region`, `state`, all str.
        rules: one row per rule, `RULE_COLUMNS`. Higher priority first, then by rule_name and rule_id.

    Returns:
        One row per lead, same index: `destination_id` (str), `rule_id` (str, NaN where none won),
        `rule_version` (Int64), `reason` (str). A lead that no rule takes stays in its workspace, and so does
        one whose rule says `assign_to_workspace: false`. A condition on a value that the lead lacks, or of a
        kind that is not known here, never holds.
    """
    ordered = _ordered(rules)
    workspace_codes, workspaces = pd.factorize(leads["workspace_id"])
    workspace_codes = workspace_codes.astype(np.intp)
    named = {key for rule in ordered for key in rule["conditions"]}
    used = [column for key, columns in CONDITION_COLUMNS.items() if key in named for column in columns]
    values = {column: _factorized(leads[column]) for column in used}
    winners: _Codes = np.full(len(leads), -1, dtype=np.intp)
    has_rules = np.zeros(len(workspaces) + 1, dtype=bool)
    positions_of: dict[str, list[int]] = {}
    for position, rule in enumerate(ordered):
        positions_of.setdefault(rule["workspace_id"], []).append(position)
    for code, rows in _rows_of(workspace_codes):
        positions = positions_of.get(workspaces[code])
        if positions is None:
            continue
        has_rules[code] = True
        conditions = [ordered[position]["conditions"] for position in positions]
        first = _first_match(conditions, rows, values)
        winners[rows] = np.where(first >= 0, np.asarray(positions, dtype=np.intp)[first], -1)
    return _result(leads.index, ordered, winners, (workspace_codes, list(workspaces)), has_rules)


def explain(lead: Mapping[str, Any], rules: pd.DataFrame) -> list[Verdict]:
    """Every active rule of the lead's workspace, in the order tried. `won` marks `route_leads`'s choice."""
    verdicts: list[Verdict] = []
    won = False
    for rule in _ordered(rules):
        if rule["workspace_id"] != lead["workspace_id"]:
            continue
        checks = [_check(key, wanted, lead) for key, wanted in rule["conditions"].items()]
        matched = all(check.passed for check in checks)
        verdicts.append(
            Verdict(
                rule_id=rule["rule_id"],
                version=int(rule["version"]),
                rule_name=rule["rule_name"],
                priority=int(rule["priority"]),
                matched=matched,
                won=matched and not won,
                checks=checks,
            )
        )
        won = won or matched
    return verdicts


def _ordered(rules: pd.DataFrame) -> list[dict[Any, Any]]:
    active = rules.loc[rules["is_active"].astype(bool), list(RULE_COLUMNS)].to_dict("records")
    return sorted(active, key=lambda rule: (-rule["priority"], rule["rule_name"], rule["rule_id"]))


def _wanted(values: object) -> tuple[str, ...]:
    """A condition's values. One that is no list of text (plain SQL can write it) is met by nothing."""
    return tuple(v for v in values if isinstance(v, str)) if isinstance(values, list | tuple) else ()


def _check(key: str, condition: object, lead: Mapping[str, Any]) -> Check:
    wanted = _wanted(condition)
    present = [v for column in CONDITION_COLUMNS.get(key, ()) if isinstance(v := lead.get(column), str)]
    hit = next((value for value in present if value in wanted), None)
    observed = hit if hit is not None else next(iter(present), None)
    return Check(key=key, wanted=wanted, observed=observed, passed=hit is not None)


def _rows_of(codes: _Codes) -> Iterator[tuple[int, _Codes]]:
    """Each code that is not missing, with the positions that hold it."""
    if len(codes) and codes[0] >= 0 and (codes == codes[0]).all():
        yield int(codes[0]), np.arange(len(codes), dtype=np.intp)
        return
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    for rows in np.split(order, starts)[1:]:
        yield int(codes[rows[0]]), rows


def _first_match(
    conditions: list[dict[str, Any]], rows: _Codes, values: Mapping[str, tuple[_Codes, _Objects]]
) -> _Codes:
    """Position of the first rule that matches each row, -1 where none does.

    Sixty-four rules are one machine word: a thousand rules cost a row sixteen ANDs a condition.
    """
    used = [key for key in CONDITION_COLUMNS if any(key in condition for condition in conditions)]
    tests: list[tuple[_Words, list[_Codes]]] = []
    for key in used:
        vocabulary = _vocabulary(conditions, key)
        codes = [_codes(*values[column], rows, vocabulary) for column in CONDITION_COLUMNS[key]]
        tests.append((_table(conditions, key, vocabulary), codes))
    combination, sample = _distinct([column for _, codes in tests for column in codes], len(rows))
    possible = _mask([condition.keys() <= CONDITION_COLUMNS.keys() for condition in conditions])
    first = np.empty(len(sample), dtype=np.intp)
    step = max(1, _CHUNK_WORDS // len(possible))
    for start in range(0, len(sample), step):
        chunk = sample[start : start + step]
        matches = np.tile(possible, (len(chunk), 1))
        for table, codes in tests:
            held = table[codes[0][chunk]]
            for other in codes[1:]:
                held |= table[other[chunk]]
            matches &= held
        first[start : start + step] = _first_bit(matches)
    return first[combination]


def _vocabulary(conditions: list[dict[str, Any]], key: str) -> dict[str, int]:
    """The values that any rule names under `key`, numbered; every other value is one past the last."""
    named = dict.fromkeys(value for condition in conditions for value in _wanted(condition.get(key)))
    return {value: number for number, value in enumerate(named)}


def _table(conditions: list[dict[str, Any]], key: str, vocabulary: Mapping[str, int]) -> _Words:
    """Value x rule: whether the rule's condition on `key` holds for the value."""
    free = _mask([key not in condition for condition in conditions])
    table = np.tile(free, (len(vocabulary) + 1, 1))
    for rule, condition in enumerate(conditions):
        named = [vocabulary[value] for value in _wanted(condition.get(key))]
        table[named, rule // 64] |= np.uint64(1 << rule % 64)
    return table


def _mask(bits: list[bool]) -> _Words:
    """One bit per rule, 64 to a word, the first rule lowest."""
    padded = np.zeros(-(-len(bits) // 64) * 64, dtype=bool)
    padded[: len(bits)] = bits
    return np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64)


def _first_bit(words: _Words) -> _Codes:
    """Number of the lowest bit set in each row, -1 for a row of zeros."""
    column = (words != 0).argmax(axis=1)
    word = words[np.arange(len(words)), column]
    lowest = word & (~word + np.uint64(1))
    bit = np.log2(np.maximum(lowest, np.uint64(1)).astype(np.float64)).astype(np.intp)
    return np.where(word == 0, -1, column * 64 + bit)


def _factorized(column: pd.Series) -> tuple[_Codes, _Objects]:
    codes, uniques = pd.factorize(column)
    return codes.astype(np.intp), np.asarray(uniques, dtype=object)


def _codes(codes: _Codes, uniques: _Objects, rows: _Codes, vocabulary: Mapping[str, int]) -> _Codes:
    """Each row's number in the vocabulary; missing and unnamed values get one past the last."""
    local, other = codes[rows], len(vocabulary)
    present = list(range(len(uniques)))
    if len(uniques) > len(rows):  # a small workspace among many: look up the values that it has
        local, found = pd.factorize(local)
        present = found.tolist()
    numbers = [vocabulary.get(uniques[code], other) if code >= 0 else other for code in present]
    return np.array([*numbers, other], dtype=np.intp)[local]


def _distinct(columns: list[_Codes], length: int) -> tuple[_Codes, _Codes]:
    """Number the distinct combinations: (combination of each row, one row of each combination)."""
    combination: _Codes = np.zeros(length, dtype=np.intp)
    size = 1
    for codes in columns:
        width = int(codes.max(initial=0)) + 1
        if size * width > _LARGEST_CODE:
            combination = pd.factorize(combination)[0].astype(np.intp)
            size = int(combination.max(initial=0)) + 1
        combination = combination * width + codes
        size *= width
    combination = pd.factorize(combination)[0].astype(np.intp)
    sample = np.zeros(int(combination.max(initial=-1)) + 1, dtype=np.intp)
    sample[combination[::-1]] = np.arange(length, dtype=np.intp)[::-1]
    return combination, sample


def _result(
    index: pd.Index,
    ordered: list[dict[Any, Any]],
    winners: _Codes,
    workspaces: tuple[_Codes, list[str]],
    has_rules: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    destinations = [
        rule["destination_workspace_id"]
        if rule["actions"].get("assign_to_workspace", True) is True
        else rule["workspace_id"]
        for rule in ordered
    ]
    workspace_codes, names = workspaces
    stays = np.where(workspace_codes >= 0, workspace_codes + len(ordered), -1)
    unmatched = np.where(has_rules[workspace_codes], len(ordered), len(ordered) + 1)
    reasons = [*(f"Matched rule: {rule['rule_name']}" for rule in ordered), NO_MATCH, NO_RULES]
    versions = pd.array([rule["version"] for rule in ordered], dtype="Int64")
    return pd.DataFrame(
        {
            "destination_id": _take([*destinations, *names], np.where(winners >= 0, winners, stays)),
            "rule_id": _take([rule["rule_id"] for rule in ordered], winners),
            "rule_version": versions.take(winners, allow_fill=True),
            "reason": _take(reasons, np.where(winners >= 0, winners, unmatched)),
        },
        index=index,
    )


def _take(choices: list[str], codes: _Codes) -> Any:
    return pd.array(choices, dtype="str").take(codes, allow_fill=True)
