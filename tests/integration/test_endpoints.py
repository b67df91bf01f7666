"""Endpoints: made with a secret that is told once; changed, rotated, enabled and removed by whose they are alone."""

import base64
import datetime as dt
import threading

import httpx
import pytest

from lead_pipeline.steps.endpoints import MOST
from lead_pipeline.store.sealed import credential_seal
from tests.integration.market import open_market
from tests.integration.sending import send

pytestmark = pytest.mark.integration
NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
URL = "https://hooks.example.com/leads?token=sesame"
SLACK = "https://hooks.slack.com/services/T000/B000/sesame"
NEW = {"channel": "webhook", "url": URL, "kinds": ["new_lead"]}
WRITES = (("PATCH", ""), ("DELETE", ""), ("POST", "/enable"), ("POST", "/rotate-secret"), ("POST", "/test"))


@pytest.fixture
def market(database, tmp_path):
    with open_market(database, tmp_path, now=NOW, PRIVATE_WEBHOOK_HOSTS="crm.internal:8443") as opened:
        yield opened


@pytest.fixture
def buyer(market):
    return market.buyer(market.seller(), "Bob")


def made(market, person, **fields):
    answer = market.call(person, "POST", "/api/endpoints", {**NEW, **fields})
    assert 201 == answer.status_code, answer.text
    return answer.json()


def ask(market, person, method, made, rest="", body=None):
    return market.call(person, method, f"/api/endpoints/{made['endpoint']['id']}{rest}", body)


def put(market, made, columns):
    """Put columns of its row, as SQL, where what has become of it is told from them."""
    market.rows(
        f"UPDATE outbound.destinations SET {columns} WHERE destination_id = %s RETURNING 1", made["endpoint"]["id"]
    )


def sealed(market, made):
    """URL, secret and the secret before, opened."""
    row = market.rows(
        "SELECT address_sealed, secret_sealed, previous_secret_sealed FROM outbound.destinations "
        "WHERE destination_id = %s",
        made["endpoint"]["id"],
    )[0]
    seal = credential_seal(market.settings)
    return [None if one is None else seal.open(one).decode() for one in row]


def test_a_webhook_is_made_with_a_secret_of_32_bytes_that_is_told_once_and_kept_sealed(market, buyer):
    answer = made(market, buyer, quietHours={"from": "22:00", "until": "07:00"}, timeZone="Europe/London")
    kind, _, secret = answer["secret"].partition("_")
    assert ("whsec", 32) == (kind, len(base64.b64decode(secret)))
    assert [URL, answer["secret"], None] == sealed(market, answer)
    endpoint = answer["endpoint"]
    assert ("hooks.example.com", "active", buyer.buyer_id) == tuple(endpoint[n] for n in ("host", "status", "buyerId"))
    assert {"from": "22:00", "until": "07:00"} == endpoint["quietHours"]
    got = ask(market, buyer, "GET", answer)
    assert {"success": True, "endpoint": endpoint} == got.json()
    for text in (got.text, market.call(buyer, "GET", "/api/endpoints").text):
        assert "sesame" not in text
        assert answer["secret"] not in text
    assert answer["secret"] != made(market, buyer)["secret"]


def test_slack_has_no_secret_and_its_url_is_told_nobody(market, buyer):
    answer = made(market, buyer, channel="slack", url=SLACK)
    assert (None, "hooks.slack.com") == (answer["secret"], answer["endpoint"]["host"])
    assert [SLACK, None, None] == sealed(market, answer)
    assert 409 == ask(market, buyer, "POST", answer, "/rotate-secret").status_code


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x", "https://user:pass@hooks.example.com/", "https://127.0.0.1/", "https://[::1]/",
        "https://169.254.169.254/latest/meta-data", "https://localhost/", "https://10.0.0.1/", "ftp://example.com/",
        "https://2130706433/", "not a url", "", "https://hooks.example.com/\nx", "https://crm.internal/", "https:///x",
        "https://crm.internal:9999/", "http://127.0.0.1:8092/", "https://example.com:22/",
    ],
)  # fmt: skip
def test_a_url_that_nothing_may_be_sent_to_is_refused_when_it_is_saved_and_when_it_is_changed(market, buyer, url):
    answer = market.call(buyer, "POST", "/api/endpoints", {**NEW, "url": url})
    assert (422, ["url"]) == (answer.status_code, [one["field"] for one in answer.json()["errors"]])
    kept = made(market, buyer)
    answer = ask(market, buyer, "PATCH", kept, body={"url": url})
    assert (422, ["url"]) == (answer.status_code, [one["field"] for one in answer.json()["errors"]])
    assert URL == sealed(market, kept)[0]


@pytest.mark.parametrize("url", ["https://crm.internal:8443/in", "http://127.0.0.1:8091/receivers/ok"])
def test_private_hosts_that_the_settings_name_and_the_sandbox_are_taken(market, buyer, url):
    assert url == sealed(market, made(market, buyer, url=url))[0]


def test_a_slack_endpoint_is_slacks_or_the_sandboxs(market, buyer):
    for url in (URL, "https://hooks.slack.com.evil.example/services/x", "https://hooks.slack.com/workflows/x"):
        answer = market.call(buyer, "POST", "/api/endpoints", {**NEW, "channel": "slack", "url": url})
        assert (422, ["url"]) == (answer.status_code, [one["field"] for one in answer.json()["errors"]])
    assert made(market, buyer, channel="slack", url="http://127.0.0.1:8091/slack/services/T/B/x")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["url", "kinds", "channel"]),
        ({**NEW, "channel": "email"}, ["channel"]),
        ({**NEW, "kinds": ["outreach"]}, ["kinds.0"]),
        ({**NEW, "kinds": "new_lead"}, ["kinds"]),
        ({**NEW, "secret": "whsec_mine"}, ["secret"]),
        ({**NEW, "url": None}, ["url"]),
        ({**NEW, "timeZone": "x", "quietHours": {"from": "01:00", "until": "01:00"}}, ["quietHours.until", "timeZone"]),
    ],
)
def test_each_fault_is_told_at_its_field(market, buyer, body, fields):
    answer = market.call(buyer, "POST", "/api/endpoints", body)
    assert (422, sorted(fields)) == (answer.status_code, sorted(one["field"] for one in answer.json()["errors"]))


def test_what_is_sent_is_changed_and_all_else_stays(market, buyer):
    one = made(market, buyer, timeZone="Europe/London")
    market.now = NOW + dt.timedelta(minutes=1)
    changed = ask(market, buyer, "PATCH", one, body={"kinds": ["hot_lead", "new_lead"]}).json()["endpoint"]
    expected = {**one["endpoint"], "kinds": ["hot_lead", "new_lead"], "updatedAt": "2026-03-02T12:01:00Z"}
    assert expected == changed
    assert [URL, one["secret"], None] == sealed(market, one)
    refused = ask(market, buyer, "PATCH", one, body={"url": None, "kinds": None, "timeZone": None})
    assert ["url", "kinds"] == [error["field"] for error in refused.json()["errors"]]
    assert 422 == ask(market, buyer, "PATCH", one, body={"channel": "slack"}).status_code


def test_another_url_has_not_failed_yet(market, buyer):
    one = made(market, buyer)
    put(market, one, "failures = 3, failing_since = now(), retry_at = now()")
    assert ask(market, buyer, "GET", one).json()["endpoint"]["failingSince"] is not None
    changed = ask(market, buyer, "PATCH", one, body={"url": "https://new.example.com/"}).json()["endpoint"]
    assert ("new.example.com", None, None) == (changed["host"], changed["failingSince"], changed["retryAt"])


def test_the_secret_before_signs_too_for_a_day_and_only_the_last_one_does(market, buyer):
    one = made(market, buyer)
    second = ask(market, buyer, "POST", one, "/rotate-secret").json()
    assert "2026-03-03T12:00:00Z" == second["endpoint"]["previousSecretUntil"]
    assert [URL, second["secret"], one["secret"]] == sealed(market, one)
    market.now = NOW + dt.timedelta(hours=1)
    third = ask(market, buyer, "POST", one, "/rotate-secret").json()
    assert [URL, third["secret"], second["secret"]] == sealed(market, one)
    assert "2026-03-03T13:00:00Z" == third["endpoint"]["previousSecretUntil"]


def test_a_disabled_endpoint_is_enabled_as_if_it_had_never_failed(market, buyer):
    one = made(market, buyer)
    failing = "failures = 9, failing_since = now(), retry_at = now()"
    put(market, one, f"status = 'disabled', status_reason = 'it answered 410', {failing}")
    told = ask(market, buyer, "GET", one).json()["endpoint"]
    assert ("disabled", "it answered 410") == (told["status"], told["statusReason"])
    enabled = ask(market, buyer, "POST", one, "/enable").json()["endpoint"]
    assert ("active", None, None, None) == tuple(
        enabled[name] for name in ("status", "statusReason", "failingSince", "retryAt")
    )
    assert 1 == market.one("SELECT count(*) FROM outbound.receivers WHERE channel = 'webhook'")


def test_a_test_arrives_signed_as_every_message_and_several_within_a_second_are_one(database, tmp_path, _sandbox):
    httpx.post(f"{_sandbox.url}/admin/reset").raise_for_status()
    with open_market(database, tmp_path, now=NOW, SANDBOX_URL=_sandbox.url) as market:
        buyer = market.buyer(market.seller(), "Bob")
        one = made(market, buyer, url=f"{_sandbox.url}/hooks/bobs", kinds=[])
        httpx.put(f"{_sandbox.url}/admin/hooks/bobs", json={"secrets": [one["secret"]]}).raise_for_status()
        asked = [ask(market, buyer, "POST", one, "/test") for _ in range(3)]
        assert [202] * 3 == [answer.status_code for answer in asked]
        [delivery_id] = {answer.json()["deliveryId"] for answer in asked}
        send(database.url, _sandbox.url, str(tmp_path))
        told = market.call(buyer, "GET", f"/api/deliveries/{delivery_id}").json()["delivery"]
        assert ("test", "confirmed", 1) == (told["kind"], told["state"], told["attempts"])
        market.now = NOW + dt.timedelta(seconds=1)
        assert delivery_id != ask(market, buyer, "POST", one, "/test").json()["deliveryId"]
    [[key, seen]] = httpx.get(f"{_sandbox.url}/admin/record").json()["messages"]["webhook"].items()
    assert (delivery_id, 1, "endpoint.test") == (key, seen["effects"], seen["last"]["body"]["event"])


def test_a_disabled_endpoint_is_not_tested(market, buyer):
    one = made(market, buyer)
    put(market, one, "status = 'disabled', status_reason = 'it answered 410'")
    refused = ask(market, buyer, "POST", one, "/test")
    assert (409, True) == (refused.status_code, "it answered 410" in refused.json()["detail"])


def test_a_removed_endpoint_is_told_nothing_and_is_nowhere_but_in_the_history(market, buyer):
    one = made(market, buyer)
    assert 200 == ask(market, buyer, "DELETE", one).status_code
    for method, rest in (("GET", ""), *WRITES):
        body = {"kinds": []} if method == "PATCH" else None
        assert 404 == ask(market, buyer, method, one, rest, body).status_code
    assert [] == market.call(buyer, "GET", "/api/endpoints").json()["endpoints"]
    assert 0 == market.one("SELECT count(*) FROM outbound.receivers WHERE channel = 'webhook'")
    assert NOW == market.one("SELECT deleted_at FROM outbound.destinations WHERE channel = 'webhook'")


def test_a_seller_reads_its_buyers_endpoints_and_changes_none(market):
    seller = market.seller()
    buyer, other = market.buyer(seller, "Bob"), market.buyer(seller, "Eve")
    own = made(market, seller, kinds=["routed_leads"])
    one = made(market, buyer)
    told = market.call(seller, "GET", "/api/endpoints").json()["endpoints"]
    assert {None, buyer.buyer_id} == {endpoint["buyerId"] for endpoint in told}
    assert 200 == ask(market, seller, "GET", one).status_code
    for person, status in ((seller, 403), (other, 404), (market.seller("Zoe"), 404)):
        for method, rest in WRITES:
            body = {"kinds": []} if method == "PATCH" else None
            assert status == ask(market, person, method, one, rest, body).status_code
    assert 404 == ask(market, buyer, "GET", own).status_code
    assert [URL, one["secret"], None] == sealed(market, one)


def test_a_team_has_a_bounded_number_even_where_many_are_made_at_once(market, buyer):
    for _ in range(MOST - 2):
        made(market, buyer)
    statuses = []
    threads = [
        threading.Thread(target=lambda: statuses.append(market.call(buyer, "POST", "/api/endpoints", NEW).status_code))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [201, 201, 409, 409, 409] == sorted(statuses)
    page = market.call(buyer, "GET", "/api/endpoints?limit=15&channel=webhook").json()
    rest = market.call(buyer, "GET", f"/api/endpoints?limit=15&cursor={page['nextCursor']}").json()
    assert MOST == len({one["id"] for one in page["endpoints"] + rest["endpoints"]})
    assert [] == market.call(buyer, "GET", "/api/endpoints?channel=slack").json()["endpoints"]
