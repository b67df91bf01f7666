"""The whole path of a marketplace over HTTP, against the real service on a real port and a Stripe on another.

From a seller's registration to a sold lead, its money and what everybody is told; then the ledger is proved. The same
path as a reader of the guide goes it is test_marketplace_guide.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lead_pipeline.steps.verify_ledger import verify
from tests.integration.intake_children import Child

pytestmark = pytest.mark.integration

PASSWORD = "correct horse battery staple"
STRIPE_KEY = "sk_test_sandbox"
FIELDS = [
    {"name": "age", "type": "number", "required": True, "min": 18, "max": 120},
    {"name": "coverage", "type": "select", "options": ["term", "whole"], "required": False},
]
# As the first users of such systems wrote it: the phone is no valid number, and the lead is taken all the same.
LEAD = {
    "campaignId": "life-insurance-leads",
    "categoryId": "life-insurance",
    "state": "CA",
    "quality": "HOT",
    "data": {
        "firstName": "John",
        "lastName": "Doe",
        "email": "john@doe-family.com",
        "phone": "+1234567890",
        "age": 35,
        "coverage": "term",
    },
}


class Service:
    """The service by its address. `token` signs requests in, `key` is a supplier's."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=30)

    def __call__(self, method: str, path: str, body: Any = None, *, expect: int = 200, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items() if name != "token"}
        if "token" in headers:
            sent["Authorization"] = f"Bearer {headers['token']}"
        answer = self._client.request(method, path, json=body, headers=sent)
        assert expect == answer.status_code, f"{method} {path}: {answer.text}"
        return answer.json()

    def close(self) -> None:
        self._client.close()

    def join(self, role: str, name: str, **more: str) -> str:
        """Register somebody and sign them in. Returns the token."""
        who = {"email": f"{name.lower()}@{name.lower()}-company.com", "password": PASSWORD}
        self("POST", "/api/auth/register", {**who, "name": name, "role": role, **more}, expect=201)
        return self("POST", "/api/auth/signin", who)["token"]


@pytest.fixture
def service(database: Any, stripe_sandbox: Any, tmp_path: Path) -> Iterator[Service]:
    child = Child(database.url, tmp_path, 0, SANDBOX_URL=stripe_sandbox.url)
    asked = Service(child.url)
    yield asked
    asked.close()
    child.stop()
    assert [] == child.defects()


def card_4242(stripe: str, client_secret: str, setup_intent: str) -> str:
    """A card as the browser gives it to Stripe: the number is seen by nobody else. Returns Stripe's id of it."""
    number = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2030, "cvc": "123"}
    with httpx.Client(base_url=stripe, headers={"Authorization": f"Bearer {STRIPE_KEY}"}) as browser:
        sent = {"type": "card", **{f"card[{name}]": value for name, value in number.items()}}
        card = browser.post("/v1/payment_methods", data=sent).raise_for_status().json()["id"]
        confirmed = {"client_secret": client_secret, "payment_method": card}
        browser.post(f"/v1/setup_intents/{setup_intent}/confirm", data=confirmed).raise_for_status()
    return card


def test_from_a_sellers_registration_to_a_sold_lead_and_its_money(
    service: Service, database: Any, stripe_sandbox: Any
) -> None:
    # Who takes part: a seller, two buyers by its invite code, a stranger.
    ada = service.join("SELLER", "Ada", companyName="Ada Leads")
    code = service("GET", "/api/seller", token=ada)["seller"]["inviteCode"]
    assert 8 == len(code)
    assert {"success": True, "valid": True, "sellerName": "Ada Leads"} == service(
        "POST", "/api/auth/verify-invite", {"inviteCode": code}
    )
    service(
        "POST",
        "/api/auth/register",
        {
            "email": "x@x-company.com",
            "password": PASSWORD,
            "name": "X",
            "role": "BUYER",
            "companyName": "X",
            "inviteCode": "22222222",
        },
        expect=422,
    )
    bob = service.join("BUYER", "Bob", companyName="Bob Insurance", inviteCode=code)
    eve = service.join("BUYER", "Eve", companyName="Eve Insurance", inviteCode=code)
    zoe = service.join("SELLER", "Zoe", companyName="Zoe Leads")

    # What is offered, and who takes it.
    category = {"name": "Life Insurance", "fields": FIELDS}
    assert "life-insurance" == service("POST", "/api/categories", category, expect=201, token=ada)["category"]["slug"]
    offer = {
        "categoryId": "life-insurance",
        "name": "Life Insurance Leads",
        "description": "Term and whole life",
        "pricePerLead": "25.00",
        "distributionLogic": "ROUND_ROBIN",
        "allowStateSelection": True,
    }
    campaign = service("POST", "/api/campaigns", offer, expect=201, token=ada)["campaign"]
    assert ("life-insurance-leads", "25.00") == (campaign["slug"], campaign["pricePerLead"])
    service("POST", "/api/campaigns", offer, expect=403, token=bob)
    for buyer, states in ((bob, ["CA", "NY"]), (eve, [])):
        order = {"campaignId": campaign["slug"], "dailyCap": 10, "states": states, "waterfallPriority": 1}
        service("POST", "/api/campaigns/subscribe", order, expect=201, token=buyer)

    # Bob pays in with the card 4242 4242 4242 4242; Eve does not.
    begun = service("POST", "/api/payments/setup-intent", token=bob)
    card = card_4242(f"{stripe_sandbox.url}/stripe", begun["clientSecret"], begun["setupIntentId"])
    kept = service("POST", "/api/payments/methods", {"paymentMethodId": card}, expect=201, token=bob)["method"]
    assert ("visa", "4242", True) == (kept["brand"], kept["last4"], kept["isPrimary"])
    for _ in range(2):  # the same key again charges nothing more
        paid = service("POST", "/api/payments/add-funds", {"amount": "100.00"}, token=bob, Idempotency_Key="first")
        assert ("succeeded", "100.00") == (paid["payment"]["status"], paid["balance"])

    # A lead comes in: it is refused, sold, known.
    supplier = {"name": "Leadco", "permittedCategories": ["life-insurance"]}
    supplier_id = service("POST", "/api/suppliers", supplier, expect=201, token=ada)["supplier"]["id"]
    key = service("POST", f"/api/suppliers/{supplier_id}/keys", {}, expect=201, token=ada)["key"]
    assert key.startswith("sk_")
    young = {**LEAD, "data": {**LEAD["data"], "age": 12}}
    refused = service("POST", "/api/leads/ingest", young, expect=422, X_API_Key=key)
    assert ["data.age"] == [one["field"] for one in refused["errors"]]
    sold = service("POST", "/api/leads/ingest", LEAD, expect=201, X_API_Key=key)
    [sale] = sold["assignments"]
    assert ("assigned", "Bob Insurance", "25.00") == (sold["outcome"], sale["buyer"], sale["price"])
    again = service("POST", "/api/leads/ingest", LEAD, expect=200, X_API_Key=key)
    assert ("duplicate", sold["leadId"]) == (again["status"], again["leadId"])

    # Who has it, what it cost, who is told.
    for person, count in ((ada, 1), (bob, 1), (eve, 0), (zoe, 0)):
        assert count == len(service("GET", "/api/leads", token=person)["leads"])
    lead = service("GET", f"/api/leads/{sold['leadId']}", token=bob)["lead"]
    assert ("John", "john@doe-family.com", 35) == tuple(lead["data"][name] for name in ("firstName", "email", "age"))
    assert (sold["leadScore"], True) == (lead["leadScore"], "invalid_phone" in lead["flags"])
    service("GET", f"/api/leads/{sold['leadId']}", expect=404, token=eve)
    service("GET", f"/api/leads/{sold['leadId']}", expect=404, token=zoe)
    wallet = service("GET", "/api/payments/wallet", token=bob)
    assert ("75.00", "25.00", "25.00") == (wallet["balance"], wallet["weekly"]["spent"], wallet["monthly"]["spent"])
    assert [("charge", "-25.00"), ("fund", "100.00")] == [
        (one["kind"], one["amount"]) for one in wallet["transactions"]
    ]
    assert "0.00" == service("GET", "/api/payments/wallet", token=eve)["balance"]
    [told] = service("GET", "/api/notifications", token=bob)["notifications"]
    assert ("new_lead", "25.00") == (told["kind"], told["detail"]["price"])
    for person, kinds in ((ada, {"new_lead", "low_balance"}), (eve, {"low_balance"}), (zoe, set())):
        assert kinds == {one["kind"] for one in service("GET", "/api/notifications", token=person)["notifications"]}

    # Why Eve did not get it, and what would have helped.
    [decision] = service("GET", f"/api/leads/{sold['leadId']}/candidates", token=ada)["rounds"]
    assert ["chosen", "wallet"] == [one["verdict"] for one in decision["candidates"]]
    lost = decision["candidates"][1]
    assert ("Eve Insurance", "0.00", "25.00") == (lost["buyer"], lost["observed"], lost["bound"])
    assert "25.00" == lost["counterfactual"]["balance"]
    [own] = service("GET", f"/api/leads/{sold['leadId']}/candidates", token=eve)["rounds"]
    assert ["wallet"] == [one["verdict"] for one in own["candidates"]]

    # Given back, once; and the books are whole.
    back = {"leadId": sold["leadId"], "buyerId": sale["buyerId"], "reason": "wrong number"}
    service("POST", "/api/payments/refunds", back, expect=403, token=bob)
    service("POST", "/api/payments/refunds", back, expect=201, token=ada)
    service("POST", "/api/payments/refunds", back, expect=409, token=ada)
    wallet = service("GET", "/api/payments/wallet", token=bob)
    assert ("100.00", "0.00") == (wallet["balance"], wallet["weekly"]["spent"])
    assert "refunded" in {one["kind"] for one in service("GET", "/api/notifications", token=bob)["notifications"]}
    proved = verify(database.url)
    assert (3, 6) == (proved.entries, proved.postings)
    charges = httpx.get(f"{stripe_sandbox.url}/admin/record").json()["charges"]
    assert [[10_000]] == [sorted(one.values()) for one in charges.values()]
