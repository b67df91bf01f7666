"""Whose turn it is in a campaign: what one decision leaves to the next.

Holds the state and its JSON (`market.rotations.state`). Does not hold how a turn is taken (`turns`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lead_pipeline.domain.candidates import Logic


@dataclass
class Rotation:
    """One campaign's turn. Each logic uses its own part; under another logic it starts anew, but for `decided`.

    Attributes:
        decided: leads that the campaign has decided, with or without a winner; kept in a column of its own.
        logic: whose state this is; None before the first decision.
        last: position of round robin's last winner, 0 before the first.
        weights: smooth weighted round robin's current weight of each subscription that is in rotation.
        day: local date (ISO) that `received` counts.
        received: leads of the day by subscription, lifted where one entered late, for target-weighted.
        inside: subscriptions in rotation at the last decision, for target-weighted.
        level: the least share of its target (ppm) that anyone in rotation had reached then.
    """

    decided: int = 0
    logic: Logic | None = None
    last: int = 0
    weights: dict[str, int] = field(default_factory=dict)
    day: str = ""
    received: dict[str, int] = field(default_factory=dict)
    inside: list[str] = field(default_factory=list)
    level: int = 0

    @classmethod
    def from_json(cls, state: Mapping[str, Any], decided: int = 0) -> "Rotation":
        """The rotation that `to_json` wrote; `{}` is a new one."""
        return cls(**{**state, "decided": decided, "logic": Logic(state["logic"]) if state.get("logic") else None})

    def to_json(self) -> dict[str, Any]:
        """All but `decided`; what its logic does not use is left out."""
        kept = {
            "logic": None if self.logic is None else self.logic.value,
            "last": self.last,
            "weights": self.weights,
            "day": self.day,
            "received": self.received,
            "inside": self.inside,
            "level": self.level,
        }
        return {name: value for name, value in kept.items() if value}
