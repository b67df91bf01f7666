"""Sending that is killed at any point: what receivers have is what the ledger says, and no repeat is unlisted.

LEAD_PIPELINE_DELIVERY_KILLS says how many runs are killed (30), each after another commit or answer.
"""

import datetime as dt
import os
from typing import Any

import pytest

from lead_pipeline.store.connections import connect
from lead_pipeline.store.delivery_history import Filter
from lead_pipeline.store.delivery_replay import replay_many
from tests.integration.sending import CHANNELS, Sending

pytestmark = [pytest.mark.integration, pytest.mark.slow]
KILLS = int(os.environ.get("LEAD_PIPELINE_DELIVERY_KILLS", "30"))


def test_a_run_that_is_killed_at_any_point_leaves_each_message_to_be_had_once(killable: Any, nursery: Any) -> None:
    sending, states = Sending(killable), set()
    place = {"url": killable.url, "sandbox": killable.sandbox, "var": str(killable.var)}
    sending.write(1)
    whole = nursery.run("deliver", **place)
    assert 0 == whole["code"]
    points = whole["points"]
    assert 15 < points
    for turn in range(KILLS):
        sending.write(1)
        killed = nursery.run("deliver", kill_at=1 + turn % points, **place)
        assert killed["killed"] or turn % points >= points - 4, killed
        states |= set(sending.states())
        killable.wait_until_alone()
        sending.make_due()
    assert {"confirmed": 4 * (KILLS + 1)} == sending.until_settled()
    effects, repeats = sending.effects(), sending.repeats()
    for channel in CHANNELS:
        assert KILLS + 1 == effects[channel] - repeats[channel], channel
    assert 0 == repeats["email"] == repeats["sms"] == repeats["webhook"], "where a repeat is known, there is none"
    assert repeats["slack"] <= sending.resends(), "what may be there twice is listed"
    assert {"sent", "intended"} <= states


def test_every_effect_is_confirmed_and_costs_once_though_answers_are_lost(killable: Any, nursery: Any) -> None:
    sending = Sending(killable)
    place = {"url": killable.url, "sandbox": killable.sandbox, "var": str(killable.var)}
    for target in ("resend", "twilio", "hooks"):
        killable.fault(target, "lost_answer", every=3)
    for turn in range(max(5, KILLS // 5)):
        sending.write(2, channels=("email", "sms", "webhook"))
        nursery.run("deliver", kill_at=4 + 3 * turn, **place)
        killable.wait_until_alone()
        sending.make_due()
    # Whose answers were lost three times over is given up; put back, it is sent under the key that its receiver knows.
    assert {"confirmed", "dead"} >= set(sending.until_settled())
    killable.clear_faults()
    with connect(killable.url, autocommit=True) as conn:
        now = dt.datetime.now(dt.UTC)
        replay_many(conn, Filter(), workspace_id=None, buyer_id=None, by="test", now=now, dry_run=False)
    assert {"confirmed"} == set(sending.until_settled())
    written = sending.written
    assert {"email": written, "sms": written, "webhook": written} == dict(sending.effects())
    assert {} == {name: count for name, count in sending.repeats().items() if count}
    costs = dict(killable.rows("SELECT channel, count(*) FROM outbound.usage_log GROUP BY 1"))
    assert {"email": written, "sms": written} == costs
