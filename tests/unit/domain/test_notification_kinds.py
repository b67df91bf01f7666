"""What people may ask to be told: kinds that there are, and every refusal says which."""

import pytest

from lead_pipeline.domain.deliveries import CHANNELS, KINDS
from lead_pipeline.domain.notification_kinds import OFFERED, fault_of


@pytest.mark.parametrize("role", ["SELLER", "BUYER"])
def test_every_role_is_offered_kinds_that_there_are_on_every_channel(role):
    assert set(CHANNELS) == set(OFFERED[role])
    for kinds in OFFERED[role].values():
        assert set(kinds) <= set(KINDS)
        assert len(kinds) == len(set(kinds))


def test_nobody_asks_for_messages_that_are_for_leads_or_managers_or_are_tests():
    everything = {kind for channels in OFFERED.values() for kinds in channels.values() for kind in kinds}
    assert set(KINDS) - everything == {"manager_notice", "outreach", "test"}


def test_a_kind_that_is_not_offered_is_refused_with_those_that_are():
    assert fault_of("new_lead", "BUYER", "sms") is None
    assert "is not told to a BUYER by sms. There are: new_lead, hot_lead, low_balance, card_declined" == fault_of(
        "daily_summary", "BUYER", "sms"
    )
