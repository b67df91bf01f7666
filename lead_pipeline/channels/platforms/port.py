"""What an upload needs of a sales platform: the Protocol and the outcome of a batch.

Holds no wire: `http_batches`, `salesforce` and `hubspot` do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lead_pipeline.domain.provider_limits import Allowance


@dataclass(frozen=True)
class Rejection:
    """A lead that the platform would not take, and its reason in its own words."""

    lead_id: str
    reason: str


@dataclass(frozen=True)
class BatchOutcome:
    """What became of one batch: every lead of it is accepted, rejected, or deferred: not now, perhaps later.

    `remote_ids`: what the platform calls accepted leads, where it says so.
    """

    batch_id: str
    accepted: tuple[str, ...]
    rejected: tuple[Rejection, ...]
    deferred: tuple[Rejection, ...] = ()
    remote_ids: Mapping[str, str] = field(default_factory=dict)


class Platform(Protocol):
    """A receiver of batches.

    `repeats_safely`: it knows each lead by our id, so that what is sent twice is there once. Any other remembers what
    it did under each key and is asked. `batch_size`: leads that it takes at once. `allowance`: what it told of its
    calls a day with its last answer, None where it tells nothing.
    """

    repeats_safely: bool
    batch_size: int
    allowance: Allowance | None

    def send_batch(self, key: str, leads: Sequence[Mapping[str, Any]]) -> BatchOutcome:
        """Send upload bodies once. OutcomeUnknown: it may have them. It asks, or is sent them again, as it can."""

    def ask_batch(self, key: str) -> BatchOutcome | None:
        """What was done under `key`; None where it was never committed, so that it may be sent again."""

    def check(self) -> str:
        """What the account says of itself, without an effect. Raises as `send_batch`, and never OutcomeUnknown."""
