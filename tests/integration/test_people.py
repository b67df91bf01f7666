"""Registration, invite codes and sign-in over HTTP: who gets in, what is told, and what is not."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from lead_pipeline.domain import passwords
from lead_pipeline.steps import passwords as password_steps
from lead_pipeline.steps.throttle import ADDRESS_BURST, EMAIL_BURST

pytestmark = pytest.mark.integration
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"
SELLER = {
    "email": "ada@shop.example",
    "password": PASSWORD,
    "name": "Ada",
    "role": "SELLER",
    "companyName": "Shop & Co",
}


def register(market, body=SELLER, **changes):
    return market.call(None, "POST", "/api/auth/register", json={**body, **changes})


def sign_in(market, email="ada@shop.example", password=PASSWORD, **more):
    return market.call(None, "POST", "/api/auth/signin", json={"email": email, "password": password, **more})


def bearer(answer):
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def get(market, path, answer):
    return market.call(None, "GET", path, headers=bearer(answer)).json()


def fields(answer):
    assert 422 == answer.status_code, answer.text
    return {one["field"] for one in answer.json()["errors"]}


@pytest.fixture
def code(market):
    """The invite code of a seller who registered over HTTP."""
    assert 201 == register(market).status_code
    return get(market, "/api/seller", sign_in(market))["seller"]["inviteCode"]


def test_a_seller_registers_signs_in_and_has_a_workspace_with_an_invite_code(market):
    answer = register(market, currency="EUR", timeZone="Europe/Rome")
    assert (201, True) == (answer.status_code, answer.json()["success"])
    assert "no-store" == answer.headers["cache-control"]
    signed_in = sign_in(market)
    told = signed_in.json()
    assert ("SELLER", "shop-co", "Shop & Co") == tuple(
        told["actsAs"][n] for n in ("role", "workspace", "workspaceName")
    )
    assert told["expiresAt"].endswith("Z")
    seller = get(market, "/api/seller", signed_in)["seller"]
    assert ("EUR", "Europe/Rome", "Shop & Co") == (seller["currency"], seller["timeZone"], seller["name"])
    assert 8 == len(seller["inviteCode"])
    session = get(market, "/api/auth/session", signed_in)
    assert ("ada@shop.example", "SELLER", None) == (session["email"], session["role"], session["buyerId"])


def test_a_buyer_and_a_supplier_join_by_the_invite_code_however_it_is_typed(market, code):
    joined = {"name": "Bob", "companyName": "Bob Ltd", "inviteCode": f" {code[:4].lower()}-{code[4:]}"}
    for role in ("BUYER", "SUPPLIER"):
        email = f"{role.lower()}@b.example"
        answer = register(market, {"email": email, "password": PASSWORD, "role": role, **joined})
        assert 201 == answer.status_code, answer.text
        acts = sign_in(market, email).json()["actsAs"]
        assert (role, "shop-co") == (acts["role"], acts["workspace"])
        assert [acts["buyerId"] is not None, acts["supplierId"] is not None] == [role == "BUYER", role == "SUPPLIER"]
    assert [("Bob Ltd", "buyer@b.example", "ACTIVE")] == market.rows("SELECT name, email, status FROM market.buyers")
    assert [("Bob Ltd", [])] == market.rows("SELECT name, permitted_categories FROM market.suppliers")


@pytest.mark.parametrize("wrong", ["AB23CD45", "short", None, "", "AB23CD4\x7f"])
def test_a_wrong_invite_code_is_refused_by_its_name_and_nobody_is_made(market, code, wrong):
    body = {"email": "bob@b.example", "password": PASSWORD, "name": "Bob", "role": "BUYER", "inviteCode": wrong}
    assert {"inviteCode"} == fields(register(market, body))
    assert 1 == market.one("SELECT count(*) FROM core.users")


def test_verify_invite_tells_whose_a_code_is_and_a_rotated_one_is_nobodys(market, code):
    def verify(given):
        answer = market.call(None, "POST", "/api/auth/verify-invite", json={"inviteCode": given})
        return answer.status_code, answer.json()["valid"], answer.json()["sellerName"]

    assert (200, True, "Shop & Co") == verify(code) == verify(code.lower())
    assert (200, False, None) == verify("AB23CD45") == verify("?")
    rotated = market.call(None, "POST", "/api/seller/invite-code", headers=bearer(sign_in(market)))
    fresh = rotated.json()["seller"]["inviteCode"]
    assert code != fresh
    assert (200, False, None) == verify(code)
    assert (200, True, "Shop & Co") == verify(fresh)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no-at-sign"}, "email"),
        ({"email": None}, "email"),
        ({"password": "a" * 9}, "password"),
        ({"password": "a" * 201}, "password"),
        ({"password": None}, "password"),
        ({"name": "  "}, "name"),
        ({"name": "A\x00"}, "name"),
        ({"role": "ADMIN"}, "role"),
        ({"companyName": ""}, "companyName"),
        ({"currency": "XXQ"}, "currency"),
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_field_at_fault_is_named_and_nobody_is_made(market, changes, field):
    assert {field} == fields(register(market, **changes))
    assert 0 == market.one("SELECT count(*) FROM core.users")


def test_a_password_is_in_no_answer_and_only_its_hash_is_kept(market):
    for answer in (register(market, role="ADMIN"), register(market), sign_in(market), sign_in(market, password="x")):
        assert PASSWORD not in answer.text
    assert market.one("SELECT password_hash FROM core.users").startswith("$argon2id$")


def test_an_e_mail_is_the_same_in_other_letters_and_signs_in_so(market):
    assert 201 == register(market, email="Ada@SHOP.example").status_code
    assert 200 == sign_in(market, email=" ADA@shop.Example ").status_code
    assert "ada@shop.example" == market.one("SELECT email FROM core.users")


def test_registering_a_known_e_mail_tells_nothing_and_changes_nothing(market, code):
    first = register(market, email="new@shop.example")
    body = {"name": "Eve", "password": "eve's own password", "companyName": "Eve Inc"}
    for more in ({}, {"role": "BUYER", "inviteCode": code}, {"role": "SUPPLIER", "inviteCode": code}):
        again = register(market, **body, **more)
        assert (first.status_code, first.content) == (again.status_code, again.content)
    assert 401 == sign_in(market, password="eve's own password").status_code
    assert 200 == sign_in(market).status_code
    assert ["SELLER", "SELLER"] == [role for (role,) in market.rows("SELECT role FROM core.memberships")]
    assert 0 == market.one("SELECT count(*) FROM market.buyers")


def test_somebody_known_joins_another_seller_by_the_same_password_and_once(market, code):
    assert 201 == register(market, email="eve@other.example", companyName="Other").status_code
    bob = {"email": "eve@other.example", "password": PASSWORD, "name": "Eve", "role": "BUYER", "inviteCode": code}
    for _ in range(2):
        assert 201 == register(market, bob).status_code
    assert 201 == register(market, email="eve@other.example", companyName="Other").status_code
    told = sign_in(market, "eve@other.example").json()
    assert [("SELLER", "other"), ("BUYER", "shop-co")] == [(m["role"], m["workspace"]) for m in told["memberships"]]
    assert "SELLER" == told["actsAs"]["role"], "the oldest"
    assert "BUYER" == sign_in(market, "eve@other.example", role="BUYER").json()["actsAs"]["role"]
    assert "shop-co" == sign_in(market, "eve@other.example", workspace="shop-co").json()["actsAs"]["workspace"]
    assert 401 == sign_in(market, "eve@other.example", workspace="nobody").status_code


def test_two_sellers_of_one_name_get_two_slugs(market):
    for number in range(3):
        assert 201 == register(market, email=f"ada{number}@shop.example").status_code
    assert ["shop-co", "shop-co-2", "shop-co-3"] == [
        s for (s,) in market.rows("SELECT slug FROM core.workspaces ORDER BY 1")
    ]


def test_a_suppliers_name_is_not_taken_over_by_whoever_registers_with_it(market, code):
    seller = market.one("SELECT workspace_id::text FROM market.sellers")
    market.rows("INSERT INTO market.suppliers (workspace_id, name) VALUES (%s, 'Leads Ltd') RETURNING 1", seller)
    body = {"email": "eve@b.example", "password": PASSWORD, "name": "Eve", "role": "SUPPLIER", "inviteCode": code}
    assert {"companyName"} == fields(register(market, body, companyName="Leads Ltd"))
    assert 0 == market.one("SELECT count(*) FROM core.memberships WHERE role = 'SUPPLIER'")


def test_a_buyer_whom_the_seller_deleted_neither_signs_in_nor_comes_back_by_the_code(market, code):
    body = {"email": "bob@b.example", "password": PASSWORD, "name": "Bob", "role": "BUYER", "inviteCode": code}
    register(market, body)
    market.rows("UPDATE market.buyers SET deleted_at = now() RETURNING 1")
    assert 201 == register(market, body).status_code
    assert 401 == sign_in(market, "bob@b.example").status_code
    assert 1 == market.one("SELECT count(*) FROM market.buyers")


def test_ten_registrations_of_one_e_mail_at_once_make_one_person(market):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(register(market).status_code)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [201] * 10 == answers
    assert (1, 1) == market.rows("SELECT (SELECT count(*) FROM core.users), (SELECT count(*) FROM market.sellers)")[0]


def test_an_unknown_e_mail_and_a_wrong_password_are_answered_alike_after_the_same_work(market, monkeypatch):
    register(market)
    hashed = []
    verify = passwords._HASHER.verify
    monkeypatch.setattr(type(passwords._HASHER), "verify", lambda _, *a: hashed.append(a[0][:20]) or verify(*a))
    wrong = sign_in(market, password="wrong password")
    nobody = sign_in(market, email="nobody@shop.example")
    no_address = sign_in(market, email="nobody")
    assert {401} == {answer.status_code for answer in (wrong, nobody, no_address)}
    assert wrong.content == nobody.content == no_address.content
    assert 3 == len(hashed)
    assert 1 == len(set(hashed)), "with the same parameters"


def test_sign_in_is_throttled_by_e_mail_known_or_not_and_opens_again(market):
    register(market)
    market.now = NOON
    for email in ("ada@shop.example", "nobody@shop.example"):
        assert [401] * EMAIL_BURST == [sign_in(market, email, "wrong").status_code for _ in range(EMAIL_BURST)]
        refused = sign_in(market, email)
        assert 429 == refused.status_code, "the right password too"
        assert 1 <= int(refused.headers["retry-after"]) <= 12
    assert 429 == sign_in(market, "ADA@shop.example").status_code, "other letters are the same e-mail"
    market.now = NOON + timedelta(seconds=12)
    assert 200 == sign_in(market).status_code


def test_sign_in_is_throttled_by_address_over_all_e_mails_and_doors(market):
    market.now = NOON
    tried = [
        market.call(None, "POST", "/api/auth/verify-invite", json={"inviteCode": f"AB23CD{n:02}"}).status_code
        for n in range(ADDRESS_BURST)
    ]
    assert {200} == set(tried)
    assert 429 == sign_in(market).status_code
    assert 429 == register(market).status_code
    assert 0 == market.one("SELECT count(*) FROM core.users")


def test_a_hash_with_yesterdays_parameters_is_brought_up_to_date_at_sign_in(market, monkeypatch):
    register(market)
    old = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    market.rows("UPDATE core.users SET password_hash = %s RETURNING 1", old)
    assert 401 == sign_in(market, password="wrong password").status_code
    assert old == market.one("SELECT password_hash FROM core.users")
    assert 200 == sign_in(market).status_code
    fresh = market.one("SELECT password_hash FROM core.users")
    assert fresh.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    made = []
    monkeypatch.setattr(password_steps, "fresh_hash", made.append)
    assert 200 == sign_in(market).status_code
    assert (fresh, []) == (market.one("SELECT password_hash FROM core.users"), made)
