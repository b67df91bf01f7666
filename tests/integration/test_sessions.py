"""Sessions over HTTP and beneath: one query each, ended by time, by hand and with what they stand for."""

import base64
import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from lead_pipeline.errors import SignInRefused
from lead_pipeline.steps.sessions import check_session, open_session
from tests.integration.market import open_market

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def status(market, person):
    return market.call(person, "GET", "/api/auth/session").status_code


def test_a_session_tells_who_it_is_and_ends_at_its_hour(market):
    market.now = NOON
    buyer = market.buyer(market.seller(currency="EUR", time_zone="Asia/Tokyo"))
    told = market.call(buyer, "GET", "/api/auth/session").json()
    assert (buyer.user_id, buyer.buyer_id, "BUYER") == (told["userId"], told["buyerId"], told["role"])
    assert ("EUR", "Asia/Tokyo", buyer.slug) == (told["currency"], told["timeZone"], told["workspace"])
    market.now = NOON + timedelta(hours=12) - timedelta(seconds=1)
    assert 200 == status(market, buyer)
    market.now = NOON + timedelta(hours=12)
    assert 401 == status(market, buyer)


def test_a_session_that_was_signed_out_is_over_and_the_others_are_not(market):
    seller = market.seller()
    buyer = market.buyer(seller)
    assert 200 == market.call(buyer, "POST", "/api/auth/signout").status_code
    assert (401, 200) == (status(market, buyer), status(market, seller))
    answer = market.call(buyer, "POST", "/api/auth/signout")
    assert (401, "Bearer") == (answer.status_code, answer.headers["www-authenticate"])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE market.buyers SET deleted_at = now()",
        "DELETE FROM core.memberships",
        "DELETE FROM core.users",
        "UPDATE core.sessions SET expires_at = '2020-01-01'",
        "UPDATE core.sessions SET revoked_at = now()",
    ],
)
def test_a_session_ends_with_what_it_stands_for(market, statement):
    buyer = market.buyer(market.seller())
    assert 200 == status(market, buyer)
    with market.connect() as conn:
        conn.execute(statement)
    assert 401 == status(market, buyer)


def test_a_supplier_that_rests_is_signed_out_and_comes_back_when_it_works_again(market):
    supplier = market.supplier_user(market.seller())
    for is_active, answer in ((False, 401), (True, 200)):
        with market.connect() as conn:
            conn.execute("UPDATE market.suppliers SET is_active = %s", [is_active])
        assert answer == status(market, supplier)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer a.b.c", "bearer \xff"])
def test_what_is_no_token_of_ours_is_answered_401(market, header):
    answer = market.client.get("/api/auth/session", headers={"Authorization": header.encode("latin-1")})
    assert 401 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]


def test_a_token_whose_claims_were_changed_or_of_an_api_key_is_refused(market):
    seller = market.seller()
    head, claims, signature = seller.token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert {"sid", "iat", "exp"} == set(decoded), "nothing of the person is in it"
    later = base64.urlsafe_b64encode(json.dumps({**decoded, "exp": decoded["exp"] + 9}).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for forged in (f"{head}.{later}.{signature}", f"{none}.{claims}.", f"{head}.{claims}.", market.supplier(seller)):
        answer = market.client.get("/api/auth/session", headers={"Authorization": f"Bearer {forged}"})
        assert 401 == answer.status_code


def test_a_token_of_another_installation_is_refused_though_its_session_is_there(market, database, tmp_path):
    seller = market.seller()
    with open_market(database, tmp_path, NEXTAUTH_SECRET="0123456789abcdef" * 4) as other:
        assert 401 == status(other, seller)
    assert 200 == status(market, seller)


def test_checking_a_session_costs_one_query(market, monkeypatch):
    seller = market.seller()
    with market.connect() as conn:
        asked = []
        execute = psycopg.Cursor.execute
        monkeypatch.setattr(psycopg.Cursor, "execute", lambda *a, **k: asked.append(a[1]) or execute(*a, **k))
        assert seller.workspace_id == check_session(conn, seller.token, market.settings, market.clock()).workspace_id
        assert 1 == len(asked)
        with pytest.raises(SignInRefused):
            check_session(conn, "a.b.c", market.settings, market.clock())
        assert 1 == len(asked), "what is not signed asks nothing"


def test_the_token_is_nowhere_in_the_database(market):
    seller = market.seller()
    with market.connect() as conn:
        text = conn.execute("SELECT string_agg(s::text, ' ') FROM core.sessions s").fetchone()[0]
    assert seller.token not in text
    assert seller.token.rpartition(".")[2] not in text


def test_two_sessions_of_one_person_are_two_tokens(market):
    seller = market.seller()
    with market.connect() as conn:
        [membership] = conn.execute("SELECT membership_id::text FROM core.memberships").fetchone()
        second = open_session(conn, seller.user_id, membership, market.settings, market.clock())
    assert second != seller.token
