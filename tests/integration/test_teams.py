"""Teams: colleagues join by a code, once; leads are given to one of them, and nobody else sees it."""

import datetime as dt
import threading

import pytest

from tests.integration.market import Market, insert, open_market

pytestmark = pytest.mark.integration
NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
PASSWORD = "a long enough password"


@pytest.fixture
def market(database, tmp_path):
    with open_market(database, tmp_path, now=NOW) as opened:
        yield opened


def make_lead(market: Market, seller, number: int = 1, buyer_id: str | None = None) -> str:
    """A lead of a seller, sold to a buyer where one is named."""
    lead_id = f"00000000-0000-7000-8000-{number:012d}"
    with market.connect() as conn:
        insert(
            conn, "core.leads", "lead_id", lead_id=lead_id, workspace_id=seller.workspace_id, drop_id=1, row_no=number,
            fingerprint=lead_id, type="INDIVIDUAL", country_inferred=False, received_at=NOW, day=NOW.date(), flags=[],
        )  # fmt: skip
        if buyer_id is not None:
            insert(
                conn, "core.lead_assignments", "lead_id", lead_id=lead_id, destination_kind="buyer",
                destination_id=buyer_id, rule_set_version=1, price_minor=100, reason="test", run_id="test",
                decided_at=NOW,
            )  # fmt: skip
    return lead_id


def join(market: Market, code: str, email: str = "cy@team.example", password: str = PASSWORD):
    body = {"code": code, "email": email, "name": "Cy", "password": password}
    return market.call(None, "POST", "/api/team/join", body)


def code_of(market: Market, person) -> str:
    answer = market.call(person, "POST", "/api/team/invites")
    assert 201 == answer.status_code
    return answer.json()["code"]


def names(market: Market, person) -> list[str]:
    return [one["name"] for one in market.call(person, "GET", "/api/team").json()["members"]]


def test_a_colleague_joins_by_a_code_and_signs_in_as_one_of_the_team(market):
    seller = market.seller("Ada")
    buyer = market.buyer(seller, "Bob")
    assert 200 == join(market, code_of(market, buyer)).status_code
    signed = market.call(None, "POST", "/api/auth/signin", {"email": "cy@team.example", "password": PASSWORD})
    assert 200 == signed.status_code
    assert ["Bob", "Cy"] == names(market, buyer)
    assert ["Ada"] == names(market, seller)


def test_a_code_is_good_for_one_colleague_and_seven_days(market):
    seller = market.seller("Ada")
    code = code_of(market, seller)
    market.now = NOW + dt.timedelta(days=7, seconds=1)
    assert "code" == join(market, code).json()["errors"][0]["field"]
    market.now = NOW
    assert 200 == join(market, code).status_code
    assert 422 == join(market, code, "dee@team.example").status_code
    assert ["Ada", "Cy"] == names(market, seller)


def test_ten_who_join_at_once_by_one_code_are_one(market):
    seller = market.seller("Ada")
    code, statuses = code_of(market, seller), []
    threads = [
        threading.Thread(target=lambda n=n: statuses.append(join(market, code, f"x{n}@team.example").status_code))
        for n in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [200] + [422] * 9 == sorted(statuses)
    assert 2 == len(names(market, seller))


def test_somebody_known_joins_by_their_own_password_only_and_the_code_stays(market):
    first, second = market.seller("Ada"), market.seller("Bea")
    assert 200 == join(market, code_of(market, first)).status_code
    code = code_of(market, second)
    wrong = join(market, code, password="another long password")
    assert (422, "password") == (wrong.status_code, wrong.json()["errors"][0]["field"])
    assert 200 == join(market, code).status_code
    again = join(market, code_of(market, second))
    assert (422, "code") == (again.status_code, again.json()["errors"][0]["field"])


def test_a_lead_is_given_to_a_colleague_and_its_history_is_kept(market):
    seller = market.seller("Ada")
    lead_id = make_lead(market, seller)
    assert 200 == join(market, code_of(market, seller)).status_code
    ada, cy = (one["id"] for one in market.call(seller, "GET", "/api/team").json()["members"])
    path = f"/api/leads/{lead_id}/assignee"
    assert {"success": True, "assignee": None, "history": []} == market.call(seller, "GET", path).json()
    for user_id in (cy, cy, ada, None):
        assert 200 == market.call(seller, "PUT", path, {"userId": user_id}).status_code
    found = market.call(seller, "GET", path).json()
    assert found["assignee"] is None
    assert [None, "Ada", "Cy"] == [one["name"] for one in found["history"]]
    assert {"Ada"} == {one["assignedBy"] for one in found["history"]}


def test_each_team_gives_a_lead_to_its_own_and_sees_no_other(market):
    seller = market.seller("Ada")
    buyer, other = market.buyer(seller, "Bob"), market.buyer(seller, "Eve")
    lead_id = make_lead(market, seller, buyer_id=buyer.buyer_id)
    path = f"/api/leads/{lead_id}/assignee"
    assert 200 == market.call(buyer, "PUT", path, {"userId": buyer.user_id}).status_code
    assert market.call(seller, "GET", path).json()["assignee"] is None
    assert 404 == market.call(other, "GET", path).status_code
    assert 404 == market.call(other, "PUT", path, {"userId": other.user_id}).status_code
    refused = market.call(buyer, "PUT", path, {"userId": seller.user_id})
    assert (422, "userId") == (refused.status_code, refused.json()["errors"][0]["field"])
    stranger = market.seller("Zoe")
    assert 404 == market.call(stranger, "PUT", path, {"userId": stranger.user_id}).status_code


@pytest.mark.parametrize(
    "body",
    [{}, {"userId": 7}, {"userId": "nobody"}, {"userId": None, "more": 1}, []],
    ids=["empty", "number", "no-id", "unknown-field", "list"],
)
def test_a_wrong_body_is_refused(market, body):
    seller = market.seller("Ada")
    answer = market.call(seller, "PUT", f"/api/leads/{make_lead(market, seller)}/assignee", body)
    assert 422 == answer.status_code
