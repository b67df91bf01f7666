"""Many requests admitted in one call: each gets its own answer, and together no more than there is."""

from datetime import UTC, datetime, timedelta

import pytest

from lead_pipeline.errors import KeyRefused, LimitReached
from lead_pipeline.steps.admit_leads import Admitted, Allowance, Sent, admit
from lead_pipeline.steps.keys import create_key
from lead_pipeline.store.suppliers import save_supplier
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def keys(database):
    with database.connect() as conn:
        owner = save_workspace(conn, slug="acme", name="Acme")
        for name in ("One", "Two"):
            save_supplier(conn, workspace_id=owner, name=name, categories=["life"])
        return [
            create_key(conn, workspace="acme", name="k", scopes=["ingest"], supplier=name, now=NOON).key
            for name in ("One", "Two")
        ]


def kinds(database, sent, now=NOON):
    with database.connect() as conn:
        answers = admit(
            conn, [Sent(key, None) for key in sent], header="X-API-Key", allowance=Allowance(60), now=now
        )  # fmt: skip
    return [type(answer) for answer in answers]


def test_each_request_gets_its_own_answer_in_its_own_place(database, keys):
    one, two = keys
    found = kinds(database, [one, "sk_unknown", two, None, one])
    assert [Admitted, KeyRefused, Admitted, KeyRefused, Admitted] == found


def test_requests_at_once_get_what_there_is_and_the_rest_is_refused(database, keys):
    one, two = keys
    found = kinds(database, [one] * 14 + [two] * 3)
    assert (10, 4) == (found[:14].count(Admitted), found[:14].count(LimitReached))
    assert [Admitted] * 3 == found[14:]
    assert [LimitReached, Admitted] == kinds(database, [one, two])
    assert {Admitted, LimitReached} == set(kinds(database, [one, one], NOON + timedelta(seconds=1)))
