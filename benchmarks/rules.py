"""Routing rules of the size that a benchmark asks for: one or two conditions each, none of which takes every lead."""

from itertools import islice, pairwise, product

import psycopg

from lead_pipeline.domain.geography import REGIONS
from lead_pipeline.store.rules import RuleRow, save_rules
from lead_pipeline.store.workspaces import save_workspace

_INDUSTRIES = ("Technology", "Finance", "Healthcare", "Retail", "Marketing", "Energy", "Utilities", "Media", "Banks")
_COUNTRIES = (
    "CA",
    "GB",
    "FR",
    "AU",
    "DE",
    "BR",
    "MX",
    "IN",
    "JP",
    "IT",
    "ES",
    "NL",
    "SE",
    "CH",
    "SG",
    "IE",
    "NZ",
    "PT",
)
_DESTINATIONS = 8


def save_bench_rules(conn: psycopg.Connection, workspace_id: str, count: int) -> None:
    """Give a workspace `count` rules over states, countries, regions and industries, to eight destinations."""
    destinations = [
        save_workspace(conn, slug=f"destination-{number}", name=f"Destination {number}")
        for number in range(_DESTINATIONS)
    ]
    states = sorted(state for region in REGIONS.values() for state in region)
    places = [
        *({"regions": [region]} for region in REGIONS),
        *({"countries": [country]} for country in _COUNTRIES),
        *({"countries": ["US"], "states": [first, second]} for first, second in pairwise(states)),
        *({"countries": ["US"], "states": [state]} for state in states),
    ]
    conditions = islice(({**place, "industries": [word]} for place, word in product(places, _INDUSTRIES)), count)
    rows = [
        RuleRow(
            rule_name=f"rule {number:04}",
            priority=count - number,
            conditions=condition,
            destination_workspace_id=destinations[number % _DESTINATIONS],
            actions={"assign_to_workspace": True},
            is_active=True,
        )
        for number, condition in enumerate(conditions)
    ]
    if len(rows) < count:
        raise ValueError(f"only {len(rows)} different rules can be made")
    if rows:
        save_rules(conn, workspace_id, rows)
