"""What arrived, for tests to ask about: requests, worked vendor calls, effects per lead, alerts, webhooks. No HTTP."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lead_pipeline.sandbox.sent_messages import SentMessages


@dataclass
class Record:
    """`requests`: every call that reached an endpoint, faulted and refused ones included.
    `vendor_calls`: the calls that were worked on, lost answers included. `alerts`: the bodies taken, in order.
    `webhooks`: by source and lead, those that were sent by themselves and taken. `messages`: those taken by who sends
    e-mail, SMS and Slack messages, and by receivers of webhooks. `times_cleared` alone outlasts a `clear`.
    """

    requests: Counter[str] = field(default_factory=Counter)
    vendor_calls: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    alerts: list[dict[str, Any]] = field(default_factory=list)
    webhooks: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    messages: SentMessages = field(default_factory=SentMessages)
    times_cleared: int = 0
    _effects: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _asked: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _charges: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    _messages: dict[str, Counter[tuple[str | None, str]]] = field(default_factory=lambda: defaultdict(Counter))

    def request(self, path: str) -> None:
        """Count one call. A batch's own key is left out of its path, so one question is one endpoint."""
        head, found, _ = path.partition("/batches/")
        self.requests[f"{head}/batches" if found else path] += 1

    def asked(self, platform: str, leads: Iterable[str]) -> None:
        """Count one batch request for these leads, replays and conflicts included."""
        self._asked[platform].update(set(leads))

    def committed(self, platform: str, leads: Iterable[str]) -> None:
        """Count one commit that contains these leads."""
        self._effects[platform].update(set(leads))

    def crm_message(self, lead_id: str, external_id: str | None, message: str) -> None:
        """Count one message written to a lead of the CRM."""
        self._messages[lead_id][external_id, message] += 1

    def charged(self, customer: str, charge: str, amount: int) -> None:
        """Note a charge of a card that succeeded, however often it is told of."""
        self._charges[customer][charge] = amount

    def clear(self) -> None:
        """Forget everything."""
        self.times_cleared += 1
        for part in (self.requests, self.vendor_calls, self.alerts, self.webhooks):
            part.clear()
        for counts in (self._effects, self._asked, self._messages):
            counts.clear()
        self._charges.clear()
        self.messages.clear()

    def as_json(self) -> dict[str, Any]:
        """The answer of `GET /admin/record`."""
        return {
            "platforms": {
                platform: {
                    lead: {"effects": self._effects[platform][lead], "requests": count} for lead, count in leads.items()
                }
                for platform, leads in self._asked.items()
            },
            "requests": dict(self.requests),
            "alerts": self.alerts,
            "vendor_calls": {vendor: dict(calls) for vendor, calls in self.vendor_calls.items()},
            "webhooks": {source: dict(leads) for source, leads in self.webhooks.items()},
            "messages": self.messages.as_json(),
            "charges": {customer: dict(charges) for customer, charges in self._charges.items()},
            "crm_messages": {
                lead: [
                    {"external_id": external_id, "message": message, "times": times}
                    for (external_id, message), times in messages.items()
                ]
                for lead, messages in self._messages.items()
            },
        }
