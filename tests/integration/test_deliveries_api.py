"""Deliveries as people look at them: listed, filtered, with attempts; and put back under the same id, one or many."""

from uuid import uuid4

import pytest

from lead_pipeline.store import delivery_replay
from lead_pipeline.store.delivery_history import Filter
from tests.integration.ended_messages import NOW, attempt, endpoint, message
from tests.integration.market import open_market

pytestmark = pytest.mark.integration


@pytest.fixture
def market(database, tmp_path):
    with open_market(database, tmp_path, now=NOW) as opened:
        yield opened


@pytest.fixture
def buyer(market):
    return market.buyer(market.seller(), "Bob")


def listed(market, person, query=""):
    answer = market.call(person, "GET", f"/api/deliveries{query}")
    assert 200 == answer.status_code, answer.text
    return [one["id"] for one in answer.json()["deliveries"]]


def states(market, *ids):
    return [market.one("SELECT state FROM outbound.deliveries WHERE delivery_id = %s", one) for one in ids]


def replay(market, person, wanted, *, dry_run=False):
    answer = market.call(person, "POST", "/api/deliveries/replay", {"filter": wanted, "dryRun": dry_run})
    assert 200 == answer.status_code, answer.text
    assert dry_run == answer.json()["dryRun"]
    return tuple(answer.json()[name] for name in ("matched", "replayed", "unreachable"))


def test_messages_are_listed_the_last_first_page_by_page(market, buyer):
    one = endpoint(market, buyer)
    made = [message(market, buyer, one, minutes=n) for n in range(5)]
    assert made == listed(market, buyer)
    first = market.call(buyer, "GET", "/api/deliveries?limit=3").json()
    assert made[:3] == [each["id"] for each in first["deliveries"]]
    rest = market.call(buyer, "GET", f"/api/deliveries?limit=3&cursor={first['nextCursor']}").json()
    assert (made[3:], None) == ([each["id"] for each in rest["deliveries"]], rest["nextCursor"])


def test_every_filter_narrows_the_list(market, buyer):
    one, other, lead = endpoint(market, buyer), endpoint(market, buyer), str(uuid4())
    a = message(market, buyer, one, "confirmed", minutes=1, lead_id=lead)
    b = message(market, buyer, one, "dead", minutes=60, kind="hot_lead")
    c = message(market, buyer, other, "intended", minutes=120, channel="email")
    for query, found in (
        ("?state=dead", [b]), ("?state=confirmed", [a]), ("?channel=email", [c]), ("?kind=hot_lead", [b]),
        (f"?leadId={lead}", [a]), (f"?endpointId={one}", [a, b]), ("?since=2026-03-02T11:00:00Z", [a, b]),
        ("?until=2026-03-02T11:00:00Z", [c]), ("?since=2026-03-02T12:00:00%2B01:00&until=2026-03-02T11:30:00Z", [b]),
        ("?state=dead&channel=email", []),
    ):  # fmt: skip
        assert found == listed(market, buyer, query), query


@pytest.mark.parametrize(
    "query", ["state=lost", "channel=fax", "leadId=x", "endpointId=x", "since=yesterday", "since=2026-03-02T12:00:00"]
)
def test_a_filter_that_is_none_is_refused(market, buyer, query):
    assert 422 == market.call(buyer, "GET", f"/api/deliveries?{query}").status_code


def test_one_message_is_told_with_every_attempt_and_to_whom_it_is_for_what_it_said(market, buyer):
    one = message(market, buyer, endpoint(market, buyer), resends=1, provider="webhook")
    attempt(market, one, 1, status=500, seconds=0.25, error="it answered 500")
    attempt(market, one, 2, outcome=None)
    told = market.call(buyer, "GET", f"/api/deliveries/{one}").json()
    assert [(1, "unavailable", 500, 0.25), (2, None, None, None)] == [
        (each["number"], each["outcome"], each["status"], each["seconds"]) for each in told["attempts"]
    ]
    assert '{"type": "new_lead"}' == told["payload"]
    delivery = told["delivery"]
    assert ("dead", "hooks.example.com", 3, 1, 0, "2026-03-02T12:00:00Z") == tuple(
        delivery[name] for name in ("state", "to", "attempts", "resends", "replays", "settledAt")
    )


def test_a_seller_sees_its_buyers_messages_and_not_what_they_said(market, buyer):
    seller = market.seller("Zoe")
    own, theirs = market.buyer(seller, "Cy"), message(market, buyer, endpoint(market, buyer))
    mine = message(market, own, endpoint(market, own))
    direct = message(market, seller, endpoint(market, seller), minutes=1)
    assert [mine, direct] == listed(market, seller)
    assert [mine] == listed(market, own)
    assert market.call(seller, "GET", f"/api/deliveries/{mine}").json()["payload"] is None
    assert market.call(seller, "GET", f"/api/deliveries/{direct}").json()["payload"] is not None
    for person, hidden in ((seller, theirs), (own, theirs), (own, direct), (buyer, mine)):
        for method, rest in (("GET", ""), ("POST", "/replay")):
            assert 404 == market.call(person, method, f"/api/deliveries/{hidden}{rest}").status_code
    assert ["dead"] * 3 == states(market, mine, theirs, direct)


@pytest.mark.parametrize("state", ["failed", "dead", "skipped"])
def test_a_message_that_did_not_arrive_is_put_back_under_its_id_with_its_attempts(market, buyer, state):
    one = message(market, buyer, endpoint(market, buyer), state, minutes=60, resends=1, provider_id="re_1")
    attempt(market, one, 1)
    answer = market.call(buyer, "POST", f"/api/deliveries/{one}/replay")
    assert 200 == answer.status_code, answer.text
    told = answer.json()["delivery"]
    assert (one, "intended", 0, 1, 1, "2026-03-02T12:00:00Z", buyer.user_id, "2026-03-02T12:00:00Z", None) == tuple(
        told[name]
        for name in (
            "id", "state", "attempts", "resends", "replays", "replayedAt", "replayedBy", "nextAttemptAt", "settledAt",
        )
    )  # fmt: skip
    assert "it answered 500" == told["error"]
    assert (1, None) == market.rows(
        "SELECT (SELECT count(*) FROM outbound.delivery_attempts a WHERE a.delivery_id = d.delivery_id), provider_id "
        "FROM outbound.deliveries d WHERE delivery_id = %s", one
    )[0]  # fmt: skip
    again = market.call(buyer, "POST", f"/api/deliveries/{one}/replay")
    assert (409, "intended") == (again.status_code, *states(market, one))


@pytest.mark.parametrize("state", ["intended", "sent", "unknown", "confirmed"])
def test_a_message_that_arrived_or_may_still_is_not_put_back(market, buyer, state):
    one = message(market, buyer, endpoint(market, buyer), state)
    assert 409 == market.call(buyer, "POST", f"/api/deliveries/{one}/replay").status_code
    assert [state] == states(market, one)


def test_a_message_whose_destination_is_off_or_gone_is_put_back_once_it_is_on(market, buyer):
    off = endpoint(market, buyer, status="disabled", status_reason="it answered 410")
    gone = endpoint(market, buyer, deleted_at=NOW)
    ids = [message(market, buyer, off), message(market, buyer, gone)]
    for one in ids:
        answer = market.call(buyer, "POST", f"/api/deliveries/{one}/replay")
        assert (409, True) == (answer.status_code, "Enable it" in answer.json()["detail"])
    assert (2, 0, 2) == replay(market, buyer, {})
    assert 200 == market.call(buyer, "POST", f"/api/endpoints/{off}/enable").status_code
    assert (2, 1, 1) == replay(market, buyer, {})
    assert ["intended", "dead"] == states(market, *ids)


def test_many_are_put_back_by_filter_and_a_dry_run_only_counts(market, buyer):
    one, other = endpoint(market, buyer), endpoint(market, buyer)
    dead = [message(market, buyer, one, minutes=n) for n in (1, 2)]
    failed = message(market, buyer, other, "failed", kind="hot_lead")
    rest = [message(market, buyer, one, state) for state in ("confirmed", "unknown", "skipped")]
    assert (2, 2, 0) == replay(market, buyer, {}, dry_run=True)
    assert (3, 3, 0) == replay(market, buyer, {"states": ["dead", "failed"]}, dry_run=True)
    assert (1, 1, 0) == replay(market, buyer, {"states": ["failed", "dead"], "endpointId": other}, dry_run=True)
    assert (0, 0, 0) == replay(market, buyer, {"until": "2026-03-02T11:00:00Z"}, dry_run=True)
    assert ["dead", "dead", "failed"] == states(market, *dead, failed)
    assert (1, 1, 0) == replay(market, buyer, {"states": ["failed"], "kind": "hot_lead"})
    assert (2, 2, 0) == replay(market, buyer, {})
    assert ["intended"] * 3 == states(market, *dead, failed)
    assert ["confirmed", "unknown", "skipped"] == states(market, *rest)
    assert (0, 0, 0) == replay(market, buyer, {})


def test_a_replay_of_many_reaches_ones_own_only(market, buyer):
    seller = market.seller("Zoe")
    own, other = market.buyer(seller, "Cy"), market.buyer(seller, "Dee")
    ids = [message(market, person, endpoint(market, person)) for person in (buyer, own, other, seller)]
    theirs = market.one("SELECT destination_id::text FROM outbound.deliveries WHERE delivery_id = %s", ids[0])
    assert (0, 0, 0) == replay(market, seller, {"endpointId": theirs})
    assert (1, 1, 0) == replay(market, own, {})
    assert ["dead", "intended", "dead", "dead"] == states(market, *ids)
    assert (2, 2, 0) == replay(market, seller, {})
    assert ["dead", "intended", "intended", "intended"] == states(market, *ids)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "filter"), ({"filter": {"states": []}}, "filter.states"), ({"filter": {"leadId": "x"}}, "filter.leadId"),
        ({"filter": {"states": ["confirmed"]}}, "filter.states.0"), ({"filter": {"all": 1}}, "filter.all"),
        ({"filter": {"since": "2026-03-02T12:00:00"}}, "filter.since"), ({"filter": {}, "dryRun": 0}, "dryRun"),
    ],
)  # fmt: skip
def test_a_replay_that_says_something_else_is_refused(market, buyer, body, field):
    answer = market.call(buyer, "POST", "/api/deliveries/replay", body)
    assert (422, [field]) == (answer.status_code, [one["field"] for one in answer.json()["errors"]])


def test_a_replay_without_dry_run_said_changes_nothing(market, buyer):
    one = message(market, buyer, endpoint(market, buyer))
    answer = market.call(buyer, "POST", "/api/deliveries/replay", {"filter": {}}).json()
    assert (1, True, "dead") == (answer["replayed"], answer["dryRun"], *states(market, one))


def test_more_than_a_replay_takes_is_taken_by_the_next_the_oldest_first(market, buyer):
    one = endpoint(market, buyer)
    ids = [message(market, buyer, one, minutes=n) for n in range(5)]
    how = {"workspace_id": None, "buyer_id": buyer.buyer_id, "by": "t", "now": NOW, "most": 3}
    counts = []
    with market.connect() as conn:
        for dry_run in (True, False, False, False):
            done = delivery_replay.replay_many(conn, Filter(("dead",)), dry_run=dry_run, **how)
            counts.append((done.matched, done.replayed))
            if counts[1:] and len(counts) == 2:
                assert ["dead"] * 2 + ["intended"] * 3 == states(market, *ids)
    assert [(5, 3), (5, 3), (2, 2), (0, 0)] == counts


def test_a_page_of_many_messages_is_read_from_an_index(market, buyer):
    one = endpoint(market, buyer)
    with market.connect() as conn:
        conn.execute(
            "INSERT INTO outbound.deliveries (delivery_id, workspace_id, buyer_id, destination_id, channel, kind, "
            "subject, state, day, run_id, intended_at, settled_at) "
            "SELECT gen_random_uuid(), %(workspace)s, %(buyer)s, %(endpoint)s, 'webhook', 'new_lead', 'lead/' || n, "
            "'confirmed', %(now)s::timestamptz::date, 't', %(now)s::timestamptz - n * interval '1s', %(now)s "
            "FROM generate_series(1, 20000) n",
            {"workspace": buyer.workspace_id, "buyer": buyer.buyer_id, "endpoint": one, "now": NOW},
        )
        conn.execute("ANALYZE outbound.deliveries")
        plan = conn.execute(
            "EXPLAIN SELECT * FROM outbound.deliveries d WHERE d.workspace_id = %s AND d.buyer_id = %s "
            "ORDER BY d.intended_at DESC, d.delivery_id DESC LIMIT 51",
            [buyer.workspace_id, buyer.buyer_id],
        ).fetchall()
    text = "\n".join(line for (line,) in plan)
    assert "Index Scan" in text
    assert "Sort" not in text
