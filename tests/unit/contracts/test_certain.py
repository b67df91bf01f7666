"""The cheap yes: never where pandera says no, and always for what validation returns."""

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.typing.pandas import Series

from lead_pipeline.contracts.certain import certainly_keeps
from lead_pipeline.contracts.leads import RawRows, ValidatedLeads
from lead_pipeline.domain.lead import validate_leads
from tests.examples import examples

ROWS = pd.DataFrame(
    {
        "drop_id": [1, 1],
        "row_no": [0, 1],
        "email": pd.Series(["ada@acme.com", "bob@acme.com"], dtype="str"),
        "phone": pd.Series(["+1 415 555 0100", None], dtype="str"),
    }
)
LEADS, _ = validate_leads(ROWS, workspace_country="US")
VALUES = (
    ["x", None], [None, None], ["{}", "{a,b}"], ["US", "DE"], ["+14155550100", None], ["ada@acme.com", "no"],
    ["INDIVIDUAL", "COMPANY"], [1, 2], [-1, 0], [1.5, np.nan], [True, False], ["", "CA"],
)  # fmt: skip
DTYPES = ("str", "object", "Int64", "int64", "bool", "boolean", "float64", "string[python]", "category")


def pandera_says(model, frame):
    try:
        model.validate(frame, lazy=True)
    except (pandera.errors.SchemaErrors, pandera.errors.SchemaError):
        return False
    return True


@pytest.mark.parametrize(("model", "frame"), [(RawRows, ROWS), (ValidatedLeads, LEADS), (ValidatedLeads, LEADS[:0])])
def test_what_is_as_it_should_be_is_certain(model, frame):
    assert certainly_keeps(model, frame)


@settings(max_examples=examples(300))
@given(st.sampled_from([*LEADS.columns]), st.sampled_from(VALUES), st.sampled_from(DTYPES))
def test_a_changed_column_is_never_certain_where_pandera_refuses_it(column, values, dtype):
    try:
        changed = pd.Series(values).astype(dtype)
    except (TypeError, ValueError):
        return
    frame = LEADS.assign(**{column: changed})
    assert certainly_keeps(ValidatedLeads, frame) <= pandera_says(ValidatedLeads, frame)


@pytest.mark.parametrize(
    "frame",
    [
        LEADS[LEADS.columns[::-1]],
        LEADS.drop(columns="flags"),
        LEADS.assign(more=1),
        pd.concat([LEADS, LEADS[["email"]]], axis=1),
    ],
)
def test_other_columns_are_never_certain(frame):
    assert not certainly_keeps(ValidatedLeads, frame)


def test_a_schema_that_asks_for_something_else_is_never_certain():
    class Unique(pa.DataFrameModel):
        number: Series[np.int64] = pa.Field(unique=True)

        class Config:
            strict = True
            unique_column_names = True

    class Small(pa.DataFrameModel):
        number: Series[np.int64] = pa.Field(lt=3)

        class Config:
            strict = True
            unique_column_names = True

    class Loose(pa.DataFrameModel):
        number: Series[np.int64]

    frame = pd.DataFrame({"number": [1, 2]})
    assert [False] * 3 == [certainly_keeps(model, frame) for model in (Unique, Small, Loose)]
