"""The intake service killed with SIGKILL under load: what it acknowledged is stored, once, with the bytes as sent.

LEAD_PIPELINE_SERVICE_KILLS says how often it is killed (5); LEAD_PIPELINE_SEED repeats a campaign's moments.
"""

import http.client
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.intake_children import (
    CONNECTIONS,
    LONGEST_LIFE,
    SEED,
    Child,
    Load,
    add_workspace,
    assert_stored_once,
    children,
    drops_of,
    post_event,
)

pytestmark = [pytest.mark.integration, pytest.mark.slow]
KILLS = int(os.environ.get("LEAD_PIPELINE_SERVICE_KILLS", "5"))


def test_every_event_that_a_killed_service_acknowledged_is_stored_once(database: Any, tmp_path: Path) -> None:
    add_workspace(database.url)
    chance = random.Random(SEED)
    with children(database.url, tmp_path) as services:
        with Load(lambda: services[-1].place, CONNECTIONS) as load:
            for number in range(KILLS):
                load.wait_for(CONNECTIONS)
                time.sleep(chance.uniform(0, LONGEST_LIFE))
                services[-1].kill()
                services.append(Child(database.url, tmp_path, number + 1))
            load.wait_for(CONNECTIONS)
        assert_stored_once(database.url, load.acknowledged)
        assert load.unanswered
        assert {200} == {answer.status for answer in load.answers.values()}
        assert [] == services[-1].defects()

        landed_before = drops_of(database.url).keys() & set(load.unanswered)
        connection = http.client.HTTPConnection(*services[-1].place, timeout=30)
        again = {name: post_event(connection, name) for name in load.unanswered}
        connection.close()
        assert landed_before == {name for name, answer in again.items() if answer.body["status"] == "duplicate"}
        assert_stored_once(
            database.url, load.acknowledged | {name: answer.body["drop_id"] for name, answer in again.items()}
        )
        assert load.acknowledged.keys() | again.keys() == drops_of(database.url).keys()
