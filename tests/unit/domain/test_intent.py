"""The strength table, the band rules at their edges, and signals of every kind of junk."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.intent import STRENGTH_BY_TYPE, intent_band, json_text, read_signals, score_signals

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)
SIGNAL = st.fixed_dictionaries(
    {},
    optional={
        "signal_type": st.sampled_from([*STRENGTH_BY_TYPE, "unheard_of", None, 3]),
        "signal_strength": st.sampled_from(["high", "medium", "low", "High ", "extreme", "", None, 1]),
    },
)


def of(*strengths: str) -> str:
    return json.dumps([{"signal_type": "any", "signal_strength": strength} for strength in strengths])


def scored(*texts: str | None) -> pd.DataFrame:
    return score_signals(pd.Series(texts, dtype="str"))


@pytest.mark.parametrize(
    ("kind", "strength"),
    [
        ("researching_topic", "high"),
        ("visited_competitor_site", "high"),
        ("whitepaper_download", "medium"),
        ("webinar_attendance", "medium"),
        ("job_posting", "medium"),
        ("social_engagement", "low"),
    ],
)
def test_a_missing_strength_comes_from_the_table(kind, strength):
    result = scored(json.dumps([{"signal_type": kind}])).iloc[0]

    assert 1 == result[f"{strength}_count"]
    assert 1 == result[["high_count", "medium_count", "low_count"]].sum()


@pytest.mark.parametrize(
    ("high", "medium", "band"),
    [
        (3, 0, "hot"),
        (2, 3, "hot"),
        (2, 2, "warm"),
        (1, 9, "warm"),
        (1, 0, "warm"),
        (0, 4, "warm"),
        (0, 3, "cold"),
        (0, 0, "cold"),
    ],
)
def test_bands_at_their_edges(high, medium, band):
    counts = pd.Series([high]), pd.Series([medium])

    assert [band] == list(intent_band(*counts))
    assert [band] == list(scored(of(*["high"] * high, *["medium"] * medium, *["low"] * 50))["band"])


@given(st.integers(0, 9), st.integers(0, 9))
def test_one_more_signal_never_cools_a_lead(high, medium):
    order = {"cold": 0, "warm": 1, "hot": 2}
    bands = intent_band(pd.Series([high, high + 1, high]), pd.Series([medium, medium, medium + 1])).map(order)

    assert bands[0] <= bands[1]
    assert bands[0] <= bands[2]


@pytest.mark.parametrize(
    ("strengths", "deciding"),
    [
        (["high"] * 3 + ["medium"] * 3, ["high"] * 3),
        (["medium", "high", "medium", "high", "medium"], ["high"] * 2 + ["medium"] * 3),
        (["high", "medium", "low"], ["high"]),
        (["medium"] * 4 + ["low"], ["medium"] * 4),
    ],
)
def test_the_signals_of_the_first_clause_that_holds_decided(strengths, deciding):
    text = scored(of(*strengths))["deciding"][0]

    assert deciding == [signal["signal_strength"] for signal in json.loads(text)]


def test_cold_has_nothing_that_decided():
    assert scored(of("medium"), None, "[]")["deciding"].isna().all()


@pytest.mark.parametrize(
    "signal",
    [{"signal_strength": "extreme", "signal_type": "job_posting"}, {"signal_type": "unheard_of"}, {}],
)
def test_an_unknown_strength_or_type_counts_as_nothing(signal):
    result = scored(json.dumps([signal] * 9)).iloc[0]

    assert "cold" == result["band"]
    assert 0 == result[["high_count", "medium_count", "low_count"]].sum()


@pytest.mark.parametrize("text", ["", "{", "null", "7", "[NaN]", '{"signal_strength":"high"}', "[" * 100_000])
def test_text_that_is_no_list_of_signals_is_cold(text):
    assert ["cold"] == list(scored(text)["band"])


def test_the_index_the_order_and_the_types_are_kept():
    signals = pd.Series([of("high"), None, of("high")], index=[9, 4, 4], dtype="str")

    result = score_signals(signals)

    assert [9, 4, 4] == list(result.index)
    assert ["warm", "cold", "warm"] == list(result["band"])
    assert {
        "band": "str",
        "high_count": "int64",
        "medium_count": "int64",
        "low_count": "int64",
        "deciding": "str",
    } == {name: str(dtype) for name, dtype in result.dtypes.items()}


def test_no_rows_give_no_rows():
    assert 0 == len(score_signals(pd.Series([], dtype="str")))


@given(st.lists(st.none() | st.text() | JSON.map(json.dumps) | st.lists(SIGNAL).map(json.dumps), max_size=8))
def test_no_text_raises_and_each_row_is_scored_as_if_alone(texts):
    together = scored(*texts)

    for place, text in enumerate(texts):
        pd.testing.assert_series_equal(scored(text).iloc[0], together.iloc[place], check_names=False)


@given(JSON | st.text(st.characters()).map(lambda text: [text, "\\u0000", "\x00", "\ud800", "\\\x00"]))
def test_json_text_is_json_that_utf8_and_jsonb_can_hold(value):
    text = json_text(value)

    if text is not None:
        text.encode("utf-8")
        assert "\x00" not in repr(json.loads(text, parse_constant=pytest.fail)).replace("\\x00", "\x00")


def test_json_text_keeps_a_backslash_that_only_looks_like_an_escape():
    assert ["\\u0000"] == json.loads(json_text(["\\u0000"]) or "")
    assert ["\\\ufffd"] == json.loads(json_text(["\\\x00"]) or "")


def test_reading_leaves_out_what_is_no_signal_and_no_number():
    assert [{"a": None}] == read_signals('[1, "x", null, {"a": 1e999}]')
