"""Messages that the providers and receivers of the sandbox took, by channel and by what tells them apart. No HTTP."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class _Told:
    requests: int = 0
    contents: Counter[str] = field(default_factory=Counter)
    last: dict[str, Any] = field(default_factory=dict)


@dataclass
class SentMessages:
    """By channel (email, sms, slack, webhook) and key: the message's own where the sender names one, else to whom.

    `requests`: calls about it that were well formed, replays included. `effects`: times it went out. `repeats`: those
    of them that said the same again. `last`: what was taken last.
    """

    _told: dict[str, dict[str, _Told]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(_Told)))

    def asked(self, channel: str, key: str) -> None:
        """Count one call."""
        self._told[channel][key].requests += 1

    def took(self, channel: str, key: str, content: str, last: dict[str, Any]) -> None:
        """Count one effect. `content` is what makes two of them the same."""
        told = self._told[channel][key]
        told.contents[content] += 1
        told.last = last

    def clear(self) -> None:
        """Forget all of them."""
        self._told.clear()

    def as_json(self) -> dict[str, Any]:
        """The part `messages` of the record."""
        return {channel: {key: _shown(told) for key, told in keys.items()} for channel, keys in self._told.items()}


def _shown(told: _Told) -> dict[str, Any]:
    effects = told.contents.total()
    return {
        "requests": told.requests,
        "effects": effects,
        "repeats": effects - len(told.contents),
        "last": told.last,
    }
