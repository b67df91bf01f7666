"""What a platform keeps: one stored answer a key, and the leads it took in. No HTTP."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lead_pipeline.errors import VendorRefused
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.seeded import number


@dataclass
class BatchStore:
    """One platform's memory. A call runs to its end without a pause, so a commit is whole or absent."""

    platform: str
    record: Record
    leads: dict[str, Any] = field(default_factory=dict)
    _answers: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)

    def commit(self, key: str, leads: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
        """The answer, and whether it is a replay of the first one. Raises VendorRefused (409)
        where the key was used for another body."""
        self.record.asked(self.platform, (str(lead["id"]) for lead in leads))
        # The parsed body, so that a client may order or space its JSON anew.
        digest = hashlib.sha256(json.dumps(leads, sort_keys=True).encode()).hexdigest()
        if key in self._answers:
            first, answer = self._answers[key]
            if first != digest:
                raise VendorRefused("this Idempotency-Key was used for another body; take a new one", status=409)
            return answer, True
        accepted, rejected = _judge(leads)
        answer = {
            "batch_id": f"batch-{number(self.platform, key):016x}",
            "accepted": accepted,
            "rejected": rejected,
        }
        self._answers[key] = (digest, answer)
        self.leads.update((str(lead), lead) for lead in accepted)
        self.record.committed(self.platform, map(str, accepted))
        return answer, False

    def answer(self, key: str) -> dict[str, Any] | None:
        """The stored answer, None where nothing was committed under the key."""
        return self._answers[key][1] if key in self._answers else None

    def clear(self) -> None:
        """Forget all batches and leads."""
        self._answers.clear()
        self.leads.clear()


def _judge(leads: Sequence[dict[str, Any]]) -> tuple[list[Any], list[dict[str, Any]]]:
    """Each row by itself: a good batch with one bad row takes the others."""
    accepted: dict[str, Any] = {}
    rejected: list[dict[str, Any]] = []
    for lead in leads:
        name = lead.get("company_name")
        if not isinstance(name, str) or not name.strip():
            rejected.append({"id": lead["id"], "reason": "company_name is missing"})
        elif str(lead["id"]) in accepted:
            rejected.append({"id": lead["id"], "reason": "the id is in this batch twice"})
        else:
            accepted[str(lead["id"])] = lead["id"]
    return list(accepted.values()), rejected
