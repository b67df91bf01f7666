"""What an upload needs of a sales platform: the Protocol and the outcome of a batch.

Holds no wire: `http_batches` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Rejection:
    """A lead that the platform would not take, and its reason in its own words."""

    lead_id: str
    reason: str


@dataclass(frozen=True)
class BatchOutcome:
    """What became of one batch: every lead of it is accepted or rejected."""

    batch_id: str
    accepted: tuple[str, ...]
    rejected: tuple[Rejection, ...]


class Platform(Protocol):
    """A receiver of batches that remembers what it did under each key."""

    def send_batch(self, key: str, leads: Sequence[Mapping[str, Any]]) -> BatchOutcome:
        """Send once. OutcomeUnknown means: ask before doing anything else with this key."""

    def ask_batch(self, key: str) -> BatchOutcome | None:
        """What was done under `key`; None where it was never committed, so that it may be sent again."""
