"""Enrichment that is killed with SIGKILL at any moment: every lead completed once, contacts once, answers kept once.

LEAD_PIPELINE_ENRICHMENT_KILLS says how many runs are killed (3): half of them at random moments, half after a commit
or an answer. A lead that is asked about again was under way when a run died; LEAD_PIPELINE_SEED repeats a campaign.
"""

import os
import random
from typing import Any

import pytest

from lead_pipeline.steps.replay_answers import replay_answers
from lead_pipeline.store.replay import Chosen

pytestmark = [pytest.mark.integration, pytest.mark.slow]

KILLS = int(os.environ.get("LEAD_PIPELINE_ENRICHMENT_KILLS", "3"))
SEED = int(os.environ.get("LEAD_PIPELINE_SEED", "1"))
LEADS, CONCURRENCY = 60, 4
UNDER_WAY = 2 * CONCURRENCY
"""Leads that a run has asked about and not committed: those being asked, and those answered during a commit."""


def whole(world: Any) -> int:
    """Assert that nothing is missing, double or other than Clay said. Returns how many questions were repeated."""
    leads = world.one("SELECT count(*) FROM core.leads")
    assert [("completed", leads)] == world.rows("SELECT status, count(*) FROM core.enrichments GROUP BY status")
    assert [(1,)] == world.rows("SELECT DISTINCT attempts FROM core.enrichments")
    found = replay_answers(world.url, Chosen())
    assert ([], [], []) == (found.differences, found.changed, found.incomplete)
    assert found.is_identical
    asked = world.record()["vendor_calls"]
    kept = (
        "SELECT count(*), count(DISTINCT external_id) FROM raw.drops WHERE kind = 'vendor_answer' AND event_type = %s"
    )
    assert [(leads, leads)] == world.rows(kept, "company_contacts")
    assert [(len(asked["clay-verify"]),) * 2] == world.rows(kept, "verify_email")
    return sum(asked["clay"].values()) - leads


class Campaign:
    """One day of fresh leads after the other, each run again and again until its leads are completed."""

    def __init__(self, world: Any, nursery: Any, **how: Any) -> None:
        self._world, self._nursery, self._how = world, nursery, how
        self._chance, self._days, self.kills = random.Random(SEED), 0, 0

    def fresh(self) -> None:
        self._days += 1
        self._world.execute("UPDATE core.enrichments SET day = day - 1000")
        self._world.receive_leads(LEADS, name=f"day{self._days}x")

    def run(self, **kill: Any) -> dict[str, Any]:
        order = {"url": self._world.url, "sandbox": self._world.sandbox, "day": str(self._world.day)}
        told = self._nursery.run("enrich", **order, **self._how, **kill)
        assert told["killed"] or told["code"] == 0, "a run that nobody killed failed; its words are above"
        self.kills += told["killed"]
        return told

    def finish(self) -> None:
        """A run that nobody kills completes what is left: a dead one's claims end with its session.

        Of leads that are sent to be answered by webhook, the run after it.
        """
        self._world.wait_until_alone()
        for _ in range(2 if "mode" in self._how else 1):
            self.run()
        assert 0 == self._world.one("SELECT count(*) FROM core.enrichments WHERE status = 'pending'")

    def at_random(self, wanted: int) -> None:
        self.fresh()
        seconds = self.run()["seconds"]
        while self.kills < wanted:
            self.fresh()
            while self.kills < wanted and self.run(kill_after=self._chance.uniform(0, seconds))["killed"]:
                pass
            self.finish()

    def after_each_point(self, wanted: int) -> None:
        self.fresh()
        points = self.run()["points"]
        self.finish()
        for _ in range(wanted):
            self.fresh()
            self.run(kill_at=self._chance.randint(1, points))
            self.finish()


def test_enrichment_that_is_killed_at_any_moment_completes_every_lead_once(killable: Any, nursery: Any) -> None:
    killable.fault("clay", "latency", seconds=0.02)
    campaign = Campaign(killable, nursery, concurrency=CONCURRENCY)
    campaign.at_random(KILLS - KILLS // 2)
    again = whole(killable)
    assert 0 <= again <= campaign.kills * UNDER_WAY


def test_enrichment_that_is_killed_after_a_commit_or_an_answer_completes_every_lead_once(
    killable: Any, nursery: Any
) -> None:
    campaign = Campaign(killable, nursery, concurrency=CONCURRENCY)
    campaign.after_each_point(max(1, KILLS // 2))
    again = whole(killable)
    assert 0 <= again <= campaign.kills * UNDER_WAY


def test_sending_that_is_killed_sends_every_lead_under_one_key_and_completes_it_once(
    killable: Any, nursery: Any
) -> None:
    campaign = Campaign(killable, nursery, concurrency=CONCURRENCY, mode="webhook", answer_seconds=0)
    campaign.after_each_point(max(1, KILLS // 3))
    whole(killable)
    sent = killable.record()["vendor_calls"]["clay-async"]
    assert {lead for (lead,) in killable.rows("SELECT lead_id::text FROM core.enrichments")} == set(sent)
    assert sum(sent.values()) - len(sent) <= campaign.kills * UNDER_WAY
