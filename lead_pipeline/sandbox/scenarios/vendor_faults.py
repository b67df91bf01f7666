"""Vendors that misbehave while a clean day's events come in: faults are set on the sandbox and cleared afterwards.

What is sent is `clean_day`; what a fault does is said in `sandbox.faults`.
"""

from lead_pipeline.sandbox.faults import VENDORS, FaultSpec
from lead_pipeline.sandbox.scenarios.clean_day import clean_day
from lead_pipeline.sandbox.scenarios.scenario import HOUR, Scenario, Trouble

FROM, UNTIL = 6 * HOUR, 14 * HOUR


def _trouble(**fault: object) -> Trouble:
    """One fault at every vendor, from six in the morning until two in the afternoon."""
    return Trouble(FROM, UNTIL, tuple(FaultSpec.model_validate({"target": vendor, **fault}) for vendor in VENDORS))


SCENARIOS = (
    Scenario(
        "vendor-outage",
        "No vendor answers for eight simulated hours.",
        "circuits open (`lead-pipeline vendors`) and the check vendors_answer fails; then everything is caught up",
        clean_day,
        (_trouble(kind="error", every=2), _trouble(kind="reset")),
    ),
    Scenario(
        "rate-limited",
        "Every second call is answered 429 with Retry-After: 1 for eight simulated hours.",
        "runs that take longer and do not fail; no call before the second is over",
        clean_day,
        (_trouble(kind="rate_limit", every=2, retry_after=1),),
    ),
    Scenario(
        "slow-vendor",
        "Every answer takes three seconds longer for eight simulated hours.",
        "runs that take longer and do not fail; webhooks answered as quickly as ever",
        clean_day,
        (_trouble(kind="latency", seconds=3),),
    ),
    Scenario(
        "lying-vendor",
        "Answers break off, make no sense or get lost although the work was done, for eight simulated hours.",
        "enrichments tried again; no lead messaged or uploaded twice (GET /admin/record of the sandbox)",
        clean_day,
        (_trouble(kind="truncate", every=3), _trouble(kind="lost_answer", every=4), _trouble(kind="nonsense", every=5)),
    ),
)
