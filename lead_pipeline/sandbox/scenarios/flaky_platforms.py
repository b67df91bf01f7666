"""Platforms and channels that fail and recover while a clean day's events come in.

What is sent is `clean_day`; what a fault does is said in `sandbox.faults`. Vendors answer as ever.
"""

from lead_pipeline.sandbox.faults import FaultSpec, Target
from lead_pipeline.sandbox.scenarios.clean_day import clean_day
from lead_pipeline.sandbox.scenarios.scenario import HOUR, Scenario, Trouble

# Deliveries come seconds after the leads, so the troubles begin early and leave the evening to recover in.
_DOWN, _FLAKY = (4 * HOUR, 9 * HOUR), (9.5 * HOUR, 16 * HOUR)
_RECEIVERS: tuple[Target, ...] = ("platforms", "channels")


def _trouble(hours: tuple[float, float], *faults: dict[str, object]) -> Trouble:
    """The same faults at every platform and every channel."""
    specs = [FaultSpec.model_validate({"target": target, **fault}) for target in _RECEIVERS for fault in faults]
    return Trouble(*hours, tuple(specs))


SCENARIOS = (
    Scenario(
        "flaky-platforms",
        "Platforms and channels are down for five simulated hours; for six more they lose or refuse every other call.",
        "assets lead_deliveries and platform_uploads: attempts fail, circuits open (`lead-pipeline vendors`), and all "
        "is caught up afterwards; GET /admin/record of the sandbox: e-mails, SMS and webhooks once each",
        clean_day,
        (
            _trouble(_DOWN, {"kind": "error", "every": 2}, {"kind": "reset"}),
            _trouble(
                _FLAKY,
                {"kind": "lost_answer", "every": 5},
                {"kind": "rate_limit", "every": 4, "retry_after": 1},
                {"kind": "truncate", "every": 3},
            ),
        ),
    ),
)
