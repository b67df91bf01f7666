"""The short version of `python -m benchmarks drift`: planted drifts are found in their field, a clean week is quiet."""

import pytest

from lead_pipeline.sandbox.clean_stream import EVENT_OF
from lead_pipeline.sandbox.drift_trial import Vendor, trials
from lead_pipeline.sandbox.drifting import DRIFTS

pytestmark = pytest.mark.integration

SEED = 11


def test_at_least_38_of_40_planted_drifts_are_found_within_100_payloads() -> None:
    missed = [trial.drift for trial in trials(SEED, DRIFTS) if trial.payloads is None]
    assert len(missed) <= 2, missed


@pytest.mark.parametrize("source", EVENT_OF)
def test_a_clean_week_alarms_nobody(source: str) -> None:
    assert [] == Vendor(SEED, source).false_alarms(7, looks=3)
