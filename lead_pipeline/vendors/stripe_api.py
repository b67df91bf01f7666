"""Stripe through its official client: customers, cards, and charges in two steps, made and then confirmed.

Holds the mapping of its objects and errors to ours. Decides nothing about money, and repeats nothing by itself: a call
whose outcome is not known raises OutcomeUnknown. No message carries a key or a client's secret.
"""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import stripe

from lead_pipeline.errors import OutcomeUnknown, PaymentRefused, VendorRefused
from lead_pipeline.vendors.stripe_objects import (
    Card,
    Intent,
    NotAgreed,
    SetupIntent,
    read_card,
    read_intent,
    read_page,
    read_text,
)
from lead_pipeline.vendors.stripe_wire import StripeWire, failed

LARGEST_PAGE = 100
_CREDENTIAL = "STRIPE_SECRET_KEY"
T = TypeVar("T")


class StripeApi:
    """The account of one secret key. Safe for threads. Close it, or use `with`.

    Every method raises VendorUnavailable (RateLimited with it), VendorRefused, and where it changes something
    OutcomeUnknown.
    """

    def __init__(self, url: str, key: str, *, timeout: float = 30.0) -> None:
        self._wire = StripeWire(timeout)
        self._client = stripe.StripeClient(
            key, base_addresses={"api": url}, max_network_retries=0, http_client=self._wire
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every pooled connection."""
        self._wire.close()

    def create_customer(self, *, buyer_id: str, workspace_id: str, name: str, instead_of: str | None = None) -> str:
        """A customer for a buyer; its id. The same buyer gets the same one for as long as Stripe knows the key."""
        asked = {"name": name, "metadata": {"buyer_id": buyer_id, "workspace_id": workspace_id}}
        return self._post(
            "/customers", asked, lambda made: read_text(made, "id"), key=f"customer/{buyer_id}/{instead_of or 0}"
        )

    def create_setup_intent(self, customer: str) -> SetupIntent:
        """What a browser adds a card of this customer with."""
        asked = {"customer": customer, "usage": "off_session", "payment_method_types": ["card"]}
        return self._post(
            "/setup_intents", asked, lambda made: SetupIntent(read_text(made, "id"), read_text(made, "client_secret"))
        )

    def card(self, payment_method_id: str) -> Card:
        """A card by its id."""
        return self._get(f"/payment_methods/{_part(payment_method_id)}", {}, read_card)

    def attach(self, payment_method_id: str, customer: str) -> Card:
        """Make a card a customer's. Raises PaymentRefused where its bank says no."""
        return self._post(f"/payment_methods/{_part(payment_method_id)}/attach", {"customer": customer}, read_card)

    def detach(self, payment_method_id: str) -> None:
        """Make a card nobody's, for ever."""
        self._post(f"/payment_methods/{_part(payment_method_id)}/detach", {}, lambda _: None)

    def create_intent(
        self, *, payment_id: str, customer: str, card: str, amount: int, currency: str, about: Mapping[str, str]
    ) -> Intent:
        """A charge that is not confirmed: it moves nothing, and never will unless it is confirmed."""
        asked = {
            "amount": amount,
            "currency": currency.lower(),
            "customer": customer,
            "payment_method": card,
            "payment_method_types": ["card"],
            "metadata": {**about, "payment_id": payment_id},
        }
        return self._post("/payment_intents", asked, read_intent, key=f"payment/{payment_id}")

    def confirm(self, intent_id: str) -> Intent:
        """Charge the card: once, however often it is asked. Raises PaymentRefused with the card's words.

        It carries no key of its own: Stripe would repeat a 500 under it, and an intent succeeds once as it is.
        """
        return self._post(f"/payment_intents/{_part(intent_id)}/confirm", {"off_session": True}, read_intent)

    def cancel(self, intent_id: str) -> Intent:
        """End a charge that has not succeeded, so that it never will."""
        return self._post(f"/payment_intents/{_part(intent_id)}/cancel", {}, read_intent)

    def intent(self, intent_id: str) -> Intent:
        """A charge as it stands."""
        return self._get(f"/payment_intents/{_part(intent_id)}", {}, read_intent)

    def intents_of(self, customer: str, *, since: int) -> list[Intent]:
        """The charges of a customer made since, in Unix seconds, newest first."""
        found: list[Intent] = []
        asked: dict[str, Any] = {"customer": customer, "created": {"gte": since}, "limit": LARGEST_PAGE}
        while True:
            page, has_more = self._get("/payment_intents", asked, read_page)
            found += page
            if not has_more or not page:
                return found
            asked = {**asked, "starting_after": found[-1].intent_id}

    def _get(self, path: str, asked: Mapping[str, Any], read: Callable[[dict[str, Any]], T]) -> T:
        return self._ask("get", path, asked, read, {})

    def _post(
        self, path: str, asked: Mapping[str, Any], read: Callable[[dict[str, Any]], T], *, key: str | None = None
    ) -> T:
        return self._ask("post", path, asked, read, {} if key is None else {"idempotency_key": key})

    def _ask(
        self,
        method: str,
        path: str,
        asked: Mapping[str, Any],
        read: Callable[[dict[str, Any]], T],
        options: Mapping[str, str],
    ) -> T:
        """What `read` makes of the JSON object of the answer."""
        try:
            answer = self._client.raw_request(method, f"/v1{path}", **asked, **options)
            return read(dict(answer.data))
        except stripe.CardError as error:
            raise PaymentRefused(_words(error)) from None
        except stripe.IdempotencyError as error:
            raise OutcomeUnknown(f"Stripe {path} is being asked the same elsewhere ({_words(error)}).") from None
        except (stripe.AuthenticationError, stripe.PermissionError) as error:
            status = error.http_status or 401
            raise VendorRefused(f"Stripe {path} answered {status}: check {_CREDENTIAL}.", status=status) from None
        except stripe.StripeError as error:
            status = error.http_status or 400
            raise VendorRefused(f"Stripe {path} answered {status}: {_words(error)}", status=status) from None
        except NotAgreed as error:
            raise failed(f"Stripe {path} answered with {error}", has_effect=method != "get") from None


def _part(text: str) -> str:
    """An id as a part of a path."""
    return quote(text, safe="")


def _words(error: stripe.StripeError) -> str:
    """What Stripe says to a person, without the request."""
    return error.user_message or "no reason was given."
