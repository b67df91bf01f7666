"""Workspaces, standing queries and rules from one description. Saving it again changes nothing."""

from collections.abc import Mapping
from typing import Any

import yaml

from lead_pipeline.contracts.rules import parse_rules
from lead_pipeline.domain.platforms import LIMITS
from lead_pipeline.steps.load_rules import put_in_force
from lead_pipeline.store.connections import connect
from lead_pipeline.store.workspaces import save_query, save_workspace


def seed(url: str, description: Mapping[str, Any], *, platforms_url: str, platforms_key: str) -> None:
    """Save what `description` names (workspaces, queries_of, queries, rules), all platforms at one address."""
    platforms = {name: {"url": f"{platforms_url}/{name}", "api_key": platforms_key} for name in LIMITS}
    with connect(url) as conn, conn.transaction():
        ids = {
            workspace["slug"]: save_workspace(conn, **workspace, settings={"platforms": platforms})
            for workspace in description["workspaces"]
        }
        for query in description["queries"]:
            save_query(conn, ids[description["queries_of"]], query["name"], query["filters"])
        put_in_force(conn, parse_rules(yaml.safe_dump(description["rules"]), format="yaml"))
