"""The contracts of validation: what passes, and that a broken frame is named."""

import pandas as pd
import pytest

from lead_pipeline.contracts.leads import RawRows, ValidatedLeads, check_contract
from lead_pipeline.domain.lead import validate_leads
from lead_pipeline.errors import ContractBroken


def raw_rows(**columns):
    texts = {name: pd.Series(values, dtype="str") for name, values in columns.items()}
    size = max((len(values) for values in texts.values()), default=1)
    return pd.DataFrame({"drop_id": [1] * size, "row_no": range(size), **texts})


def leads(**overrides):
    accepted, _ = validate_leads(raw_rows(email=["ada@acme.com", "bob@acme.com"]), workspace_country=None)
    return accepted.assign(**overrides)


def test_any_text_column_may_be_absent():
    rows = raw_rows(email=["a@b.com", None])
    assert check_contract(RawRows, rows) is rows


def test_a_column_that_nobody_knows_breaks_the_contract():
    with pytest.raises(ContractBroken, match="shoe_size"):
        check_contract(RawRows, raw_rows(shoe_size=["44"]))


def test_a_phone_that_became_a_number_breaks_the_contract():
    with pytest.raises(ContractBroken, match="phone"):
        check_contract(RawRows, raw_rows(email=["a@b.com"]).assign(phone=[13102461501.0]))


def test_what_validation_returns_keeps_the_contract():
    assert 2 == len(check_contract(ValidatedLeads, leads()))


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("email", ["ada@acme.com", "nobody"]),
        ("phone", ["310 246 1501", None]),
        ("fingerprint", ["7", None]),
        ("type", ["PERSON", "COMPANY"]),
        ("domain", ["http://acme.com", None]),
        ("country", ["USA", None]),
        ("region", ["North", None]),
        ("flags", ["fake", "{}"]),
        ("industry_group", ["Mining", None]),
    ],
)
def test_a_value_out_of_form_breaks_the_contract_and_is_named(column, values):
    with pytest.raises(ContractBroken, match=f"ValidatedLeads: .*{column}: "):
        check_contract(ValidatedLeads, leads(**{column: pd.Series(values, dtype="str")}))


def test_columns_in_another_order_break_the_contract():
    with pytest.raises(ContractBroken):
        check_contract(ValidatedLeads, leads()[leads().columns[::-1]])
