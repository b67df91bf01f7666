"""The lead score: each part by its rule, their sum, and the same score alone and among others."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.lead_score import PARTS, score_leads

GOOD = {
    "email": "ada@lovelace.com",
    "email_suggestion": None,
    "phone": "+12125550123",
    "phone_type": "mobile",
    "country": "US",
    "flags": "{}",
    "band": "hot",
    "supplier_quality": "HOT",
    "sent": 0,
    "faulty": 0,
    "required": 2,
    "required_filled": 2,
    "optional": 2,
    "optional_filled": 2,
}
TEXT = [name for name, value in GOOD.items() if not isinstance(value, int)]


def scored(*changes):
    frame = pd.DataFrame([{**GOOD, **one} for one in changes])
    return score_leads(frame.astype(dict.fromkeys(TEXT, "str")))


def points(part, **changes):
    return int(scored(changes)[part].iloc[0])


def test_the_best_lead_of_a_new_supplier_lacks_only_its_history():
    assert [*PARTS.values(), 100][:-1] == [20, 15, 5, 25, 20, 10, 5]
    assert 100 == sum(PARTS.values())
    assert 90 == points("lead_score")
    assert 99 <= points("lead_score", sent=1_000_000) <= 100


@pytest.mark.parametrize(
    ("want", "changes"),
    [
        (20, {}),
        (20, {"flags": "{free_email}"}),
        (10, {"flags": "{role_email}"}),
        (8, {"email_suggestion": "ada@gmail.com", "flags": "{role_email,free_email}"}),
        (0, {"flags": "{disposable_email,free_email}"}),
        (0, {"flags": "{fake_email:999999,role_email}"}),
        (0, {"email": None}),
    ],
)
def test_an_address_counts_by_what_kind_of_mailbox_it_names(want, changes):
    assert want == points("email", **changes)


@pytest.mark.parametrize(
    ("want", "changes"),
    [
        (15, {}),
        (15, {"phone_type": "fixed_line_or_mobile"}),
        (12, {"phone_type": "fixed_line"}),
        (6, {"phone_type": "voip"}),
        (0, {"phone": None, "phone_type": "unknown"}),
        (0, {"phone": None, "phone_type": None}),
    ],
)
def test_a_phone_counts_by_its_type_and_only_where_it_is_valid(want, changes):
    assert want == points("phone", **changes)


@pytest.mark.parametrize(
    ("want", "changes"),
    [
        (5, {}),
        (2, {"phone": "+4930123456"}),
        (3, {"email": "ada@lovelace.de"}),
        (0, {"email": "ada@lovelace.de", "phone": "+4930123456"}),
        (5, {"email": "ada@lovelace.de", "phone": "+4930123456", "country": "DE"}),
        (2, {"country": None}),
        (0, {"country": None, "email": "ada@lovelace.de"}),
        (0, {"email": None, "phone": None}),
    ],
)
def test_phone_and_address_agree_with_the_leads_country(want, changes):
    assert want == points("agreement", **changes)


@pytest.mark.parametrize(
    ("want", "filled"),
    [(25, (2, 2, 2, 2)), (17, (2, 2, 2, 0)), (13, (2, 1, 0, 0)), (8, (2, 0, 2, 2)), (25, (0, 0, 0, 0))],
)
def test_a_required_field_counts_twice_and_no_field_asks_for_nothing(want, filled):
    names = ("required", "required_filled", "optional", "optional_filled")
    assert want == points("completeness", **dict(zip(names, filled, strict=True)))


def test_a_new_supplier_is_neutral_and_one_bad_lead_ruins_nobody():
    assert [10, 10, 10, 18, 2, 0] == [
        points("history", sent=sent, faulty=faulty)
        for sent, faulty in ((0, 0), (1, 0), (1, 1), (80, 0), (80, 80), (100_000, 200_000))
    ]


@pytest.mark.parametrize(
    ("part", "column", "want"),
    [
        ("signals", "band", {"hot": 10, "warm": 7, "cold": 3}),
        ("claimed", "supplier_quality", {"HOT": 5, "WARM": 3, "COLD": 1}),
    ],
)
def test_what_was_observed_and_what_the_supplier_claims_count_apart(part, column, want):
    assert want == {word: points(part, **{column: word}) for word in want}


leads = st.fixed_dictionaries(
    {
        "email": st.sampled_from(["a@b.com", "a@b.de", "info@b.com", None]),
        "email_suggestion": st.sampled_from(["a@gmail.com", None]),
        "phone": st.sampled_from(["+12125550123", "+4930123456", None]),
        "phone_type": st.sampled_from(["mobile", "voip", "unknown", None]),
        "country": st.sampled_from(["US", "DE", None]),
        "flags": st.sampled_from(["{}", "{role_email}", "{disposable_email}", "{fake_email:000000,invalid_phone}"]),
        "band": st.sampled_from(["hot", "warm", "cold"]),
        "supplier_quality": st.sampled_from(["HOT", "WARM", "COLD"]),
        "sent": st.integers(0, 10_000),
        "faulty": st.integers(0, 12_000),
        "required_filled": st.integers(0, 5),
        "optional_filled": st.integers(0, 5),
        "required": st.just(5),
        "optional": st.just(5),
    }
)


@given(st.lists(leads, min_size=1, max_size=5))
def test_the_parts_sum_to_the_score_and_company_changes_nothing(some):
    together = scored(*some)
    assert together["lead_score"].between(0, 100).all()
    assert together["lead_score"].tolist() == together[list(PARTS)].sum(axis=1).tolist()
    for part, most in PARTS.items():
        assert together[part].between(0, most).all(), part
    alone = pd.concat([scored(one) for one in some], ignore_index=True)
    pd.testing.assert_frame_equal(alone, together)


@given(leads, st.integers(0, 4))
def test_more_of_what_is_good_never_lowers_a_score(lead, filled):
    [fewer, more] = scored({**lead, "optional_filled": filled}, {**lead, "optional_filled": filled + 1})["lead_score"]
    [worse, better] = scored({**lead, "faulty": lead["faulty"] + 1}, lead)["lead_score"]
    assert fewer <= more
    assert worse <= better
