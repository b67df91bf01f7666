"""Every scenario by its name. Holds none itself."""

from lead_pipeline.errors import SettingsError
from lead_pipeline.sandbox.scenarios import (
    audience_import,
    brazil_day,
    burst,
    clay_answers,
    clean_day,
    flaky_platforms,
    repeats,
    schema_drift,
    signing,
    unknown_events,
    vendor_faults,
)
from lead_pipeline.sandbox.scenarios.scenario import Scenario

_FAMILIES = (
    clean_day, brazil_day, audience_import, clay_answers, signing, repeats, unknown_events, schema_drift, burst,
    vendor_faults, flaky_platforms,
)  # fmt: skip
SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for family in _FAMILIES for scenario in family.SCENARIOS}


def scenario_named(name: str) -> Scenario:
    """The scenario of a name. Raises SettingsError that lists all of them."""
    if name not in SCENARIOS:
        raise SettingsError(f"no scenario {name!r}. There are: {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]
