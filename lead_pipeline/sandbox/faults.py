"""The fault plan: which calls go wrong, and how. Decides only; the gate carries it out."""

from dataclasses import dataclass, field
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lead_pipeline.sandbox.seeded import number

Vendor = Literal["datashopper", "clay", "clay-verify", "clay-async", "audience-labs", "diretrix", "work-api", "c2s"]
Platform = Literal[
    "tech-platform",
    "finance-platform",
    "healthcare-platform",
    "retail-platform",
    "marketing-platform",
    "general-platform",
]
Kind = Literal["latency", "rate_limit", "error", "reset", "truncate", "lost_answer", "nonsense"]
Crm = Literal["salesforce", "hubspot"]
Provider = Literal["email", "resend", "sendgrid", "twilio", "slack", "hooks"]
Target = Literal[Vendor, "platforms", Platform, Crm, "channels", Provider, "alerts", "stripe", "*"]
VENDORS: tuple[Vendor, ...] = get_args(Vendor)
PLATFORMS: tuple[str, ...] = get_args(Platform)
_UPLOADED_TO = (*PLATFORMS, *get_args(Crm))
_WITH_EFFECT = ("POST", "PATCH")
Seconds = Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)]


class FaultSpec(BaseModel):
    """One fault as it is asked for. `times` None: until cleared. Seconds are seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Target
    kind: Kind
    times: Annotated[int, Field(ge=1)] | None = None
    every: Annotated[int, Field(ge=1)] = 1
    seconds: Seconds = 0.0
    retry_after: Seconds = 1.0
    probability: Annotated[float, Field(ge=0, le=1)] | None = None

    @model_validator(mode="after")
    def _latency_has_a_length(self) -> "FaultSpec":
        if self.kind == "latency" and self.seconds == 0:
            raise ValueError("a latency needs `seconds` above 0")
        return self


@dataclass
class Fault:
    """A fault in the plan: how many calls it has matched and how many of them went wrong."""

    id: str
    spec: FaultSpec
    matched: int = 0
    fired: int = 0

    def due(self, seed: int) -> bool:
        """Count one matching call and say whether it goes wrong."""
        if self.spec.times is not None and self.fired >= self.spec.times:
            return False
        self.matched += 1
        if self.matched % self.spec.every:
            return False
        if self.spec.probability is None:
            return True
        return number(seed, self.id, self.matched) / 2**64 < self.spec.probability


@dataclass
class FaultPlan:
    """All faults in the order in which they were asked for."""

    seed: int
    faults: list[Fault] = field(default_factory=list)
    _last: int = 0

    def add(self, spec: FaultSpec) -> Fault:
        """Put one more fault at the end of the plan."""
        self._last += 1
        self.faults.append(Fault(id=f"fault-{self._last}", spec=spec))
        return self.faults[-1]

    def clear(self) -> int:
        """Drop all faults; how many there were. The next one is fault-1 again."""
        count = len(self.faults)
        self.faults.clear()
        self._last = 0
        return count

    def take(self, targets: frozenset[str], method: str) -> list[FaultSpec]:
        """What happens to this call: any number of latencies, then at most one other fault, the earliest.

        A `lost_answer` matches POST and PATCH only: a question has no effect whose answer could be lost.
        """
        latencies: list[FaultSpec] = []
        other: FaultSpec | None = None
        for fault in self.faults:
            if fault.spec.target not in targets or (fault.spec.kind == "lost_answer" and method not in _WITH_EFFECT):
                continue
            if fault.due(self.seed) and (fault.spec.kind == "latency" or other is None):
                fault.fired += 1
                if fault.spec.kind == "latency":
                    latencies.append(fault.spec)
                else:
                    other = fault.spec
        return latencies if other is None else [*latencies, other]


def targets_of(path: str) -> frozenset[str]:
    """The fault targets that a path belongs to; empty for the admin side and unknown paths."""
    match path.strip("/").split("/"):
        case ["clay", "v1", "emails", "verify"]:
            found = ["clay-verify"]
        case ["clay", "v1", "enrichments"]:
            found = ["clay-async"]
        case ["datashopper" | "clay" | "audience-labs" | "diretrix" | "work-api" | "c2s" | "stripe" as vendor, *_]:
            found = [vendor]
        case ["platforms", platform, *_] | ["salesforce" | "hubspot" as platform, *_] if platform in _UPLOADED_TO:
            found = ["platforms", platform]
        case ["resend" | "sendgrid" as provider, *_]:
            found = ["channels", "email", provider]
        case ["twilio" | "slack" | "hooks" as provider, *_]:
            found = ["channels", provider]
        case ["alerts"]:
            found = ["alerts"]
        case _:
            return frozenset()
    return frozenset({*found, "*"})
