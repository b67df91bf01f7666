"""What arrived, for tests to ask about: requests, worked vendor calls, effects per lead, alerts. No HTTP."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """`requests`: every call that reached an endpoint, faulted and refused ones included.
    `vendor_calls`: the calls that were worked on, lost answers included. `alerts`: the bodies taken, in order.
    """

    requests: Counter[str] = field(default_factory=Counter)
    vendor_calls: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    alerts: list[dict[str, Any]] = field(default_factory=list)
    _effects: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _asked: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

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

    def clear(self) -> None:
        """Forget everything."""
        for part in (self.requests, self.vendor_calls, self.alerts, self._effects, self._asked):
            part.clear()

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
        }
