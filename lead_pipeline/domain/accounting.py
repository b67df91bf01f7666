"""Every row is accounted for: received = accepted + duplicate + quarantined. Counts only, no rows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Accounting:
    """Rows of one or more drops, by what became of them."""

    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0

    @property
    def received(self) -> int:
        return self.accepted + self.duplicate + self.quarantined

    def __add__(self, other: "Accounting") -> "Accounting":
        return Accounting(
            self.accepted + other.accepted, self.duplicate + other.duplicate, self.quarantined + other.quarantined
        )
