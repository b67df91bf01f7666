"""Every reading of Retry-After."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.retry_after import retry_after_seconds

NOON = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 1.5 ", 1.5),
        ("Mon, 05 Jan 2026 12:01:00 GMT", 60),
        ("Mon, 05 Jan 2026 12:01:00 -0000", 60),
        ("Mon, 05 Jan 2026 11:00:00 GMT", 0),
        (None, None),
        ("", None),
        ("-5", None),
        ("nan", None),
        ("inf", None),
        ("²", None),
        ("Mon, 05 Jan 99999 12:01:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header, seconds):
    assert seconds == retry_after_seconds(header, NOON)


@given(st.text() | st.from_regex(r"\w{3}, \d{1,2} \w{3} \d{1,5} \d\d:\d\d:\d\d [A-Z+\-0-9]{0,6}"))
def test_no_retry_after_raises_or_is_negative(header):
    seconds = retry_after_seconds(header, NOON)

    assert seconds is None or seconds >= 0
