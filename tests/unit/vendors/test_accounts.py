"""Paces of vendors and providers, as the settings say them."""

import pytest

from lead_pipeline.settings import load_settings
from lead_pipeline.vendors.accounts import accounts


def test_every_vendor_and_provider_that_the_settings_know_has_an_account():
    settings = load_settings({})
    found = accounts(settings)
    assert list(found) == [account.name for account in found.values()]
    vendors = {"datashopper", "clay", "audience_labs", "diretrix", "work_api", "c2s"}
    assert vendors | {"resend", "sendgrid", "twilio", "slack"} == set(found)
    assert all(settings.vendor(name) for name in vendors)
    assert all(settings.provider(name) for name in ("resend", "sendgrid"))
    assert settings.twilio is not None


def test_a_burst_is_twice_the_rate_and_clays_its_own():
    found = accounts(load_settings({"CLAY_BURST": "7", "WORK_API_RATE_PER_SECOND": "0.2"}))

    assert (10, 20) == (found["datashopper"].per_second, found["datashopper"].burst)
    assert 7 == found["clay"].burst
    assert 1 == found["work_api"].burst


def test_resend_never_sees_two_requests_at_once_because_it_counts_by_the_second():
    found = accounts(load_settings({"RESEND_RATE_PER_SECOND": "2", "TWILIO_RATE_PER_SECOND": "1"}))

    assert (2, 1) == (found["resend"].per_second, found["resend"].burst)
    assert (1, 1) == (found["twilio"].per_second, found["twilio"].burst)


@pytest.mark.parametrize(("per_minute", "rate", "burst"), [(10, 7, 3), (600, 597, 3), (3, 2, 1), (0.5, 0.25, 1)])
def test_contact2sale_is_asked_by_the_minute_and_a_burst_is_taken_off_the_rate(per_minute, rate, burst):
    account = accounts(load_settings({"C2S_REQUESTS_PER_MINUTE": str(per_minute)}))["c2s"]

    assert pytest.approx(rate / 60) == account.per_second
    assert burst == account.burst


@pytest.mark.parametrize("per_minute", range(2, 61))
def test_no_minute_sees_more_calls_than_contact2sale_takes(per_minute):
    account = accounts(load_settings({"C2S_REQUESTS_PER_MINUTE": str(per_minute)}))["c2s"]

    assert per_minute >= account.per_second * 60 + account.burst


def test_a_pace_is_told_in_the_unit_that_people_use():
    found = accounts(load_settings({}))

    assert "10 a second, 20 at once" == found["clay"].pace
    assert "7 a minute, 3 at once" == found["c2s"].pace
