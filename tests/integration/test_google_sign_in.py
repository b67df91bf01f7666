"""Sign-in with Google against a local provider: who gets in, who is sent to register, and what is refused."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import OctKey, RSAKey

from lead_pipeline.service.market.google import COOKIE
from tests.integration.market import open_market
from tests.integration.openid_provider import CLIENT, SECRET, Provider

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HERE = "http://testserver"  # where the test client says that it is
SELLER = {"name": "Ada", "role": "SELLER", "companyName": "Shop"}
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def provider_of_module():
    with Provider(lambda: NOON) as made:
        yield made


@pytest.fixture
def provider(provider_of_module):
    """The one provider, saying nothing but what is right, at noon."""
    made = provider_of_module
    made.__dict__.update(
        claims={}, header={}, answers={}, codes={}, asked=[], key=made.keys.keys[1], clock=lambda: NOON
    )
    made.person = {"sub": "g-1", "email": "ada@shop.example", "email_verified": True, "name": "Ada of Google"}
    return made


@pytest.fixture
def shop(database, tmp_path, provider):
    """A market with Google sign-in, at noon."""
    names = {"GOOGLE_CLIENT_ID": CLIENT, "GOOGLE_CLIENT_SECRET": SECRET, "GOOGLE_ISSUER": provider.url}
    with open_market(database, tmp_path, now=NOON, NEXTAUTH_URL=HERE, **names) as opened:
        yield opened


def go(shop, path="/api/auth/google"):
    return shop.call(None, "GET", path)


def come_back(shop, provider):
    return go(shop, provider.approve(go(shop).headers["location"]))


def register(shop, **body):
    return shop.call(None, "POST", "/api/auth/register", json={**SELLER, **body})


def test_the_way_out_is_to_the_provider_with_a_cookie_that_scripts_cannot_read(shop, provider):
    way = go(shop)
    assert (302, "no-store") == (way.status_code, way.headers["cache-control"])
    assert way.headers["location"].startswith(f"{provider.url}/authorize?")
    assert "code_challenge_method=S256" in way.headers["location"]
    cookie = way.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Max-Age=600", "Path=/api/auth"} <= set(cookie.split("; ")[1:])
    assert "Secure" not in cookie, "the address of this service is http"


def test_on_https_the_cookie_goes_over_https_only(database, tmp_path, provider):
    names = {"GOOGLE_CLIENT_ID": CLIENT, "GOOGLE_CLIENT_SECRET": SECRET, "GOOGLE_ISSUER": provider.url}
    with open_market(database, tmp_path, NEXTAUTH_URL="https://leads.example", **names) as opened:
        way = go(opened)
    assert "Secure" in way.headers["set-cookie"].split("; ")
    assert "redirect_uri=https%3A%2F%2Fleads.example%2Fapi%2Fauth%2Fcallback%2Fgoogle" in way.headers["location"]


def test_somebody_unknown_is_given_a_ticket_and_registers_with_it_once(shop, provider):
    told = come_back(shop, provider).json()
    assert (True, False, "ada@shop.example", "Ada of Google") == (
        told["success"], told["registered"], told["email"], told["name"],
    )  # fmt: skip
    assert 0 == shop.one("SELECT count(*) FROM core.users")
    for _ in range(2):
        done = register(shop, googleTicket=told["googleTicket"], email="eve@other.example", password="eve's password")
        assert 201 == done.status_code, done.text
        assert "SELLER" == done.json()["actsAs"]["role"]
    assert [("ada@shop.example", "g-1", None)] == shop.rows(
        "SELECT email, google_subject, password_hash FROM core.users"
    )
    assert 1 == shop.one("SELECT count(*) FROM market.sellers")
    again = come_back(shop, provider).json()
    assert "ada@shop.example" == again["user"]["email"]
    headers = {"Authorization": f"Bearer {again['token']}"}
    assert 200 == shop.call(None, "GET", "/api/seller", headers=headers).status_code


def test_a_buyer_registers_with_a_ticket_and_the_invite_code_or_is_refused_by_field(shop, provider):
    seller = shop.seller()
    code = shop.call(seller, "GET", "/api/seller").json()["seller"]["inviteCode"]
    ticket = come_back(shop, provider).json()["googleTicket"]
    refused = register(shop, role="BUYER", googleTicket=ticket, inviteCode="AB23CD45")
    assert (422, ["inviteCode"]) == (refused.status_code, [one["field"] for one in refused.json()["errors"]])
    assert "BUYER" == register(shop, role="BUYER", googleTicket=ticket, inviteCode=code).json()["actsAs"]["role"]


def test_a_ticket_ends_after_ten_minutes_and_is_no_session(shop, provider):
    ticket = come_back(shop, provider).json()["googleTicket"]
    headers = {"Authorization": f"Bearer {ticket}"}
    assert 401 == shop.call(None, "GET", "/api/auth/session", headers=headers).status_code
    shop.now = NOON + timedelta(minutes=10)
    assert 401 == register(shop, googleTicket=ticket).status_code
    assert 401 == register(shop, googleTicket=shop.seller().token).status_code, "a session is no ticket either"


def test_who_registered_with_a_password_is_linked_and_the_password_that_proved_no_e_mail_goes(shop, provider):
    register(shop, email="Ada@shop.example", password=PASSWORD)
    body = {"email": "ada@shop.example", "password": PASSWORD}
    before = shop.call(None, "POST", "/api/auth/signin", json=body).json()
    linked = come_back(shop, provider).json()
    assert (before["user"]["id"], True) == (linked["user"]["id"], linked["passwordRemoved"])
    assert 401 == shop.call(None, "POST", "/api/auth/signin", json=body).status_code
    for told, answer in ((before, 401), (linked, 200)):
        headers = {"Authorization": f"Bearer {told['token']}"}
        assert answer == shop.call(None, "GET", "/api/auth/session", headers=headers).status_code
    assert come_back(shop, provider).json()["passwordRemoved"] is False


def test_who_changes_the_e_mail_at_google_stays_the_same_person(shop, provider):
    register(shop, googleTicket=come_back(shop, provider).json()["googleTicket"])
    provider.person["email"] = "ada@new.example"
    assert "ada@shop.example" == come_back(shop, provider).json()["user"]["email"]


def test_another_google_account_with_the_same_e_mail_does_not_get_in(shop, provider):
    register(shop, googleTicket=come_back(shop, provider).json()["googleTicket"])
    provider.person["sub"] = "g-2"
    assert 409 == come_back(shop, provider).status_code


NOON_SECONDS = int(NOON.timestamp())
WRONG = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "a list of nonces": {"nonce": ["another"]},
    "another audience": {"aud": "client-2"},
    "others as well": {"aud": [CLIENT, "client-2"]},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://accounts.example"},
    "expired": {"exp": NOON_SECONDS - 61},
    "no end": {"exp": None},
    "from the future": {"iat": NOON_SECONDS + 61},
    "an e-mail that is not verified": {"email_verified": False},
    "an e-mail that is verified in words": {"email_verified": "true"},
    "nothing about the e-mail": {"email_verified": None},
    "no e-mail": {"email": None},
    "no person": {"sub": None},
    "what is no e-mail": {"email": "ada"},
}


@pytest.mark.parametrize("why", WRONG)
def test_a_token_that_is_wrong_in_one_claim_signs_nobody_in(shop, provider, why):
    provider.claims = WRONG[why]
    assert 401 == come_back(shop, provider).status_code
    provider.claims = {}
    assert 200 == come_back(shop, provider).status_code


@pytest.mark.parametrize(
    ("key", "alg"),
    [(RSAKey.generate_key(2048, {"kid": "k1"}), "RS256"), (RSAKey.generate_key(2048, {"kid": "k9"}), "RS256"),
     (OctKey.import_key(SECRET, {"kid": "k1"}), "HS256")],
    ids=["a foreign key under a known name", "an unknown key", "the client's secret"],
)  # fmt: skip
def test_a_token_that_the_provider_did_not_sign_signs_nobody_in(shop, provider, key, alg):
    provider.key, provider.header = key, {"alg": alg}
    assert 401 == come_back(shop, provider).status_code


def test_a_token_of_another_algorithm_of_the_right_key_is_refused(shop, provider):
    provider.header = {"alg": "RS512"}
    assert 401 == come_back(shop, provider).status_code


def test_a_code_is_taken_once_and_the_state_belongs_to_one_browser_for_ten_minutes(shop, provider):
    back = provider.approve(go(shop).headers["location"])
    cookie = shop.client.cookies[COOKIE]
    assert 200 == go(shop, back).status_code
    assert COOKIE not in shop.client.cookies
    assert 401 == go(shop, back).status_code, "the cookie is gone"
    shop.client.cookies.set(COOKIE, cookie)
    assert 401 == go(shop, back).status_code, "the provider has taken the code"

    back = provider.approve(go(shop).headers["location"])
    shop.client.cookies.clear()
    shop.client.cookies.set(COOKIE, cookie)
    assert 401 == go(shop, back).status_code, "the cookie of another way out"
    shop.client.cookies.set(COOKIE, shop.seller().token)
    assert 401 == go(shop, back).status_code, "a session is no state"

    shop.client.cookies.clear()
    back = provider.approve(go(shop).headers["location"])
    shop.now = NOON + timedelta(minutes=10)
    assert 401 == go(shop, back).status_code, "too late"


@pytest.mark.parametrize(
    "query",
    ["", "?error=access_denied", "?code=a", "?state=a", "?code=&state=", "?code=a&state=%00", "?code=a&state=b"],
)
def test_a_return_without_a_sign_in_is_refused_before_the_provider_is_asked(shop, provider, query):
    go(shop)
    provider.asked.clear()
    assert 401 == go(shop, f"/api/auth/callback/google{query}").status_code
    assert [] == provider.asked


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks"])
@pytest.mark.parametrize("answer", [(500, {}), (200, b"<html>"), (200, []), (200, b"\xff")])
def test_a_provider_in_trouble_is_answered_503_and_nobody_is_made(shop, provider, path, answer):
    back = provider.approve(go(shop).headers["location"])
    provider.answers = {path: answer}
    refused = go(shop, back)
    assert (503, True) == (refused.status_code, "retry-after" in refused.headers)
    assert 0 == shop.one("SELECT count(*) FROM core.users")


@pytest.mark.parametrize("answer", [{"issuer": "https://accounts.example"}, {}])
def test_a_provider_that_says_it_is_another_is_not_gone_to(shop, provider, answer):
    provider.answers = {"/.well-known/openid-configuration": (200, answer)}
    assert 503 == go(shop).status_code


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": 1}, {"keys": [{}]}, {"keys": [{"kty": "RSA"}]}])
def test_keys_that_cannot_be_read_sign_nobody_in(shop, provider, keys):
    provider.answers = {"/jwks": (200, keys)}
    assert come_back(shop, provider).status_code in (401, 503)


def test_the_ways_out_are_throttled_by_address(shop):
    statuses = [go(shop).status_code for _ in range(61)]
    assert ([302] * 60, 429) == (statuses[:60], statuses[60])


def test_without_a_client_it_is_off_and_says_what_to_set(market):
    answer = go(market)
    assert 404 == answer.status_code
    assert "GOOGLE_CLIENT_ID" in answer.json()["detail"]


def test_a_provider_that_is_slow_does_not_hold_up_who_signs_in_otherwise(shop, provider, monkeypatch):
    slow = provider._openid_configuration
    monkeypatch.setattr(provider, "_openid_configuration", lambda sent: time.sleep(0.5) or slow(sent))
    waiting = [threading.Thread(target=go, args=(shop,)) for _ in range(8)]
    for thread in waiting:
        thread.start()
    began = time.monotonic()
    assert (
        401 == shop.call(None, "POST", "/api/auth/signin", json={"email": "a@b.example", "password": "x"}).status_code
    )
    took = time.monotonic() - began
    for thread in waiting:
        thread.join()
    assert took < 0.45
