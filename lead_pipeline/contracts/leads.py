"""The frames that validation takes and returns, as pandera models, and how a broken one is reported.

Checks are vectorised and say what every later stage relies on. Whether a value is a good one was decided by
the domain; a failure here is a defect.
"""

from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow.compute as pc
from pandera.errors import SchemaErrors
from pandera.typing.pandas import Series

from lead_pipeline.contracts.certain import certainly_keeps
from lead_pipeline.contracts.ids import WHOLE_UUID
from lead_pipeline.domain.arrow import to_arrow
from lead_pipeline.domain.phone_plans import TYPES
from lead_pipeline.errors import ContractBroken

_STORAGE = {"storage": "pyarrow", "na_value": np.nan}
_FLAG = r"[a-z_]+(?::[0-9]+)?"
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*"
_ADDRESS = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
_SHOWN = 5

Text = Series[pd.StringDtype]


def _text(pattern: str | None = None, *, nullable: bool = True) -> Any:
    """A text field; with a pattern, every value that is present matches it."""
    checks: dict[str, Any] = {} if pattern is None else {"all_match": pattern}
    return pa.Field(nullable=nullable, dtype_kwargs=_STORAGE, **checks)


def all_match(column: pd.Series, *, pattern: str) -> pd.Series:
    """Where the RE2 pattern is found or the value is missing."""
    found = pc.match_substring_regex(to_arrow(column), pattern)
    return pd.Series(pc.fill_null(found, True).to_numpy(zero_copy_only=False), index=column.index)


_register: Any = pa.extensions.register_check_method  # untyped in pandera
_register(all_match, statistics=["pattern"], supported_types=[pd.Series])


class RawRows(pa.DataFrameModel):
    """One row per row of a drop, as text under our names. Any text column may be absent."""

    drop_id: Series[np.int64] = pa.Field(ge=0)
    row_no: Series[np.int64] = pa.Field(ge=0)
    full_name: Text | None = _text()
    first_name: Text | None = _text()
    last_name: Text | None = _text()
    email: Text | None = _text()
    phone: Text | None = _text()
    job_title: Text | None = _text()
    company_name: Text | None = _text()
    company_industry: Text | None = _text()
    website: Text | None = _text()
    company_location_city: Text | None = _text()
    company_location_state: Text | None = _text()
    company_location_country: Text | None = _text()
    postal_code: Text | None = _text()
    employee_count: Text | None = _text()
    revenue: Text | None = _text()
    linkedin_url: Text | None = _text()
    attributes: Text | None = _text()
    signals: Text | None = _text()

    class Config:
        """Nothing beside these columns."""

        strict = True
        unique_column_names = True


class ValidatedLeads(pa.DataFrameModel):
    """One row per accepted row of a drop, in normal form."""

    drop_id: Series[np.int64] = pa.Field(ge=0)
    row_no: Series[np.int64] = pa.Field(ge=0)
    fingerprint: Text = _text(WHOLE_UUID, nullable=False)
    type: Text = _text("^(?:INDIVIDUAL|COMPANY)$", nullable=False)
    full_name: Text = _text()
    first_name: Text = _text()
    last_name: Text = _text()
    job_title: Text = _text()
    email: Text = _text(_ADDRESS)
    email_suggestion: Text = _text(_ADDRESS)
    phone: Text = _text(r"^\+[1-9][0-9]{3,16}$")
    phone_type: Text = _text(rf"^(?:{'|'.join(TYPES)})$")
    company_name: Text = _text()
    domain: Text = _text(rf"^{_HOST}$")
    website: Text = _text(rf"^{_HOST}(?:/.*)?$")
    linkedin_url: Text = _text()
    industry: Text = _text()
    industry_group: Text = _text("^(?:Technology|Finance|Healthcare|Retail|Marketing)$")
    country: Text = _text("^[A-Z]{2}$")
    state: Text = _text("^[A-Z0-9]{1,3}$")
    region: Text = _text("^(?:Northeast|Midwest|South|West)$")
    city: Text = _text()
    postal_code: Text = _text()
    employee_count: Series[pd.Int64Dtype] = pa.Field(nullable=True, ge=0)
    revenue: Series[pd.Int64Dtype] = pa.Field(nullable=True, ge=0)
    country_raw: Text = _text()
    state_raw: Text = _text()
    country_inferred: Series[bool]
    flags: Text = _text(rf"^\{{(?:{_FLAG}(?:,{_FLAG})*)?\}}$", nullable=False)
    attributes: Text = _text()
    signals: Text = _text()

    class Config:
        """Exactly these columns, in this order."""

        strict = True
        ordered = True
        unique_column_names = True


def check_contract(model: type[pa.DataFrameModel], frame: pd.DataFrame) -> pd.DataFrame:
    """The frame itself when it is what the model says; ContractBroken naming the first failures when not."""
    if certainly_keeps(model, frame):
        return frame
    try:
        model.validate(frame, lazy=True)
    except SchemaErrors as broken:
        cases = broken.failure_cases
        shown = "; ".join(
            f"{case.column}: {case.check} failed at row {case.index} with {case.failure_case!r}"
            for case in cases.head(_SHOWN).itertuples()
        )
        raise ContractBroken(
            f"{model.__name__}: {len(cases)} failures ({shown}). Mend the step that made the frame."
        ) from broken
    return frame
