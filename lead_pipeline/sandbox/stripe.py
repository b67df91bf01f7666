"""Stripe over HTTP: what is asked under /stripe goes on to localstripe, and what it cannot do is done here.

Of Stripe's own behaviour it lacks, and this adds: charges of one customer, newest first; `off_session` when a charge
is confirmed; the card `pm_card_chargeDeclined`; no card of one customer becomes another's. It also lacks
Idempotency-Key, and that is left so on purpose: whoever asks twice has two, and must not lean on the key.
"""

from urllib.parse import parse_qsl, urlencode

import httpx
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.webhook_sender import Intake
from lead_pipeline.tls import trusted

PREFIX, WEBHOOK_PATH = "/stripe", "/api/webhooks/stripe"
EVENTS = ("payment_intent.succeeded", "payment_intent.payment_failed", "customer.subscription.updated")
_ALL = 1_000_000
_ALIASES = {"pm_card_chargeDeclined": "pm_card_visa_chargeDeclined"}
_SECONDS = 10.0


class StripeStandIn:
    """The way to one localstripe. `intake` gets its events where it shares a secret with us."""

    def __init__(self, url: str, record: Record, intake: Intake | None) -> None:
        self._url, self._client = url, httpx.AsyncClient(base_url=url, timeout=_SECONDS, verify=trusted())
        self._record = record
        if intake is not None and intake.secrets.get("stripe"):
            told = {
                "url": f"{intake.url.rstrip('/')}{WEBHOOK_PATH}",
                "secret": intake.secrets["stripe"],
                "events": EVENTS,
            }
            httpx.post(f"{url}/_config/webhooks/intake", json=told, timeout=_SECONDS).raise_for_status()

    async def answer(self, method: str, path: str, query: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """What localstripe answers, with what it lacks."""
        asked = dict(parse_qsl(query)), dict(parse_qsl(body.decode()))
        if (method, path) == ("GET", "/v1/payment_intents") and "customer" in asked[0]:
            return await self._charges(asked[0], headers)
        for name, known in _ALIASES.items():
            path = path.replace(f"/{name}", f"/{known}")
        if path.endswith("/attach") and (refused := await self._foreign(path, asked[1], headers)) is not None:
            return refused
        if path.startswith("/v1/payment_intents/") and path.endswith("/confirm"):
            asked[1].pop("off_session", None)
        answer = await self._client.request(
            method, path, params=query or None, content=urlencode(asked[1]) if body else None, headers=headers
        )
        self._note(path, answer)
        return answer

    def clear(self) -> None:
        """Forget every customer, card and charge."""
        httpx.delete(f"{self._url}/_config/data", timeout=_SECONDS).raise_for_status()

    async def _charges(self, asked: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        answer = await self._client.get("/v1/payment_intents", params={"limit": _ALL}, headers=headers)
        since, after = int(asked.get("created[gte]", 0)), asked.get("starting_after")
        found = [
            one
            for one in reversed(answer.json()["data"])
            if one["customer"] == asked["customer"] and one["created"] >= since
        ]
        ids = [one["id"] for one in found]
        first, limit = ids.index(after) + 1 if after in ids else 0, int(asked.get("limit", 10))
        page = {"object": "list", "data": found[first : first + limit], "has_more": len(found) > first + limit}
        return httpx.Response(200, json={**page, "url": "/v1/payment_intents"})

    async def _foreign(self, path: str, asked: dict[str, str], headers: dict[str, str]) -> httpx.Response | None:
        card = path.removesuffix("/attach")
        if card.startswith("/v1/payment_methods/pm_card_"):
            return None  # a name for a card that is made when it is asked for
        known = await self._client.get(card, headers=headers)
        if known.status_code == 200 and known.json()["customer"] not in (None, asked.get("customer")):
            words = "The payment method you provided has already been attached to a customer."
            return httpx.Response(400, json={"error": {"type": "invalid_request_error", "message": words}})
        return None

    def _note(self, path: str, answer: httpx.Response) -> None:
        if path.startswith("/v1/payment_intents") and answer.status_code == 200:
            charge = answer.json()
            if charge.get("status") == "succeeded":
                self._record.charged(charge["customer"], charge["id"], charge["amount"])


def stripe_routes(stand_in: StripeStandIn) -> APIRouter:
    """Every route under /stripe."""
    routes = APIRouter(prefix=PREFIX)

    @routes.api_route("/{path:path}", methods=["GET", "POST", "DELETE"])
    async def forward(path: str, request: Request) -> Response:
        passed = {name: request.headers[name] for name in ("authorization", "content-type") if name in request.headers}
        answer = await stand_in.answer(request.method, f"/{path}", str(request.url.query), await request.body(), passed)
        return Response(answer.content, answer.status_code, media_type="application/json")

    return routes
