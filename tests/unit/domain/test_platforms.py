"""Which platform a lead goes to, what is sent, and under which key."""

import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.platforms import (
    DEFAULT_PLATFORM,
    LIMITS,
    PLATFORMS,
    idempotency_key,
    platform_for,
    upload_payloads,
)
from lead_pipeline.errors import ContractBroken

GOLDEN = Path(__file__).parents[2] / "data" / "platform_payload.golden.json"
SIGNAL = {"signal_type": "researching_topic", "signal_strength": "high"}
SIGNALS = json.dumps([{**SIGNAL, "detected_at": "2026-01-04T09:00:00Z", "source": "web"}])


def leads(**overrides: object) -> pd.DataFrame:
    """Two leads: one with everything, one with as little as there can be."""
    columns = {
        "lead_id": ["l-1", "l-2"],
        "company_name": ["Example Ltd", None],
        "domain": ["example.com", None],
        "industry": ["Technology", None],
        "employee_count": [250, None],
        "revenue": [1250000.5, None],
        "city": ["Albany", None],
        "state": ["NY", None],
        "country": ["US", None],
        "band": ["hot", "warm"],
        "signals": [SIGNALS, None],
        "received_at": pd.to_datetime(["2026-01-05T02:00:00.25+01:00", "2026-01-05T02:00:00.00+01:00"]),
        "enriched_at": pd.to_datetime(["2026-01-05T02:03:04Z", None], utc=True),
    }
    return pd.DataFrame({**columns, **overrides}, index=[7, 3])


def contacts() -> pd.DataFrame:
    """Three people at the first lead, out of order, two of them marked as primary."""
    return pd.DataFrame(
        {
            "lead_id": ["l-1", "l-1", "l-1", "elsewhere"],
            "contact_no": [3, 1, 2, 1],
            "full_name": ["Cy Example", "Ada Example", "Bo Example", "Nobody"],
            "email": ["cy@example.com", "ada@example.com", None, None],
            "title": ["VP", "CEO", "CTO", None],
            "seniority": ["executive", "executive", None, None],
            "department": ["sales", None, "engineering", None],
            "is_primary": [True, False, True, True],
        }
    )


def test_the_payloads_are_the_golden_ones_to_the_byte():
    payloads = upload_payloads(leads(), contacts())

    assert GOLDEN.read_text(encoding="utf-8") == json.dumps(list(payloads), indent=2) + "\n"
    assert [7, 3] == list(payloads.index)


def test_the_order_of_the_contacts_frame_does_not_matter():
    shuffled = contacts().iloc[[1, 3, 0, 2]]

    assert list(upload_payloads(leads(), contacts())) == list(upload_payloads(leads(), shuffled))


def test_a_lead_without_contacts_has_no_primary_contact():
    payload = upload_payloads(leads(), contacts().iloc[:0])[7]

    assert ([], None) == (payload["contacts"], payload["primary_contact"])


@pytest.mark.parametrize(
    ("value", "sent"), [(Decimal("12.00"), 12), (Decimal("12.5"), 12.5), (float("inf"), None), ("10M", "10M")]
)
def test_revenue_is_a_json_value_whatever_the_column_holds(value, sent):
    payload = upload_payloads(leads(revenue=pd.Series([value, None], index=[7, 3], dtype=object)), contacts())[7]

    assert sent == payload["revenue"]


@given(st.lists(st.none() | st.text(), min_size=2, max_size=2))
def test_any_signals_give_a_payload_that_json_can_hold(texts):
    signals = pd.Series(texts, index=[7, 3], dtype="str")

    json.dumps(list(upload_payloads(leads(signals=signals), contacts())), allow_nan=False)


def test_a_missing_column_is_named():
    with pytest.raises(ContractBroken, match="lacks band"):
        upload_payloads(leads().drop(columns="band"), contacts())


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ContractBroken, match="received_at must be times with a zone"):
        upload_payloads(leads(received_at=pd.to_datetime(["2026-01-05"] * 2)), contacts())


def test_each_industry_group_has_its_platform_and_the_rest_the_general_one():
    groups = pd.Series(["Technology", "Finance", "Healthcare", "Retail", "Marketing", "Farming", None])

    platforms = platform_for(groups)

    assert [
        "tech-platform",
        "finance-platform",
        "healthcare-platform",
        "retail-platform",
        "marketing-platform",
        "general-platform",
        "general-platform",
    ] == list(platforms)
    assert "str" == platforms.dtype


def test_no_leads_have_no_platform():
    assert 0 == len(platform_for(pd.Series([], dtype="str")))
    assert 0 == len(upload_payloads(leads().iloc[:0], contacts()))


def test_every_platform_has_limits():
    assert {*PLATFORMS.values(), DEFAULT_PLATFORM} == set(LIMITS)
    assert {100} == {limits.batch_size for limits in LIMITS.values()}


@given(st.lists(st.text(), unique=True), st.randoms())
def test_the_order_of_the_leads_does_not_change_the_key(lead_ids, random):
    shuffled = random.sample(lead_ids, len(lead_ids))

    assert idempotency_key("p", "w", lead_ids) == idempotency_key("p", "w", shuffled)


@given(st.tuples(st.text(), st.text(), st.lists(st.text())), st.tuples(st.text(), st.text(), st.lists(st.text())))
def test_other_leads_another_workspace_or_platform_have_another_key(one, other):
    same = (one[0], one[1], sorted(one[2])) == (other[0], other[1], sorted(other[2]))

    assert same == (idempotency_key(*one) == idempotency_key(*other))
