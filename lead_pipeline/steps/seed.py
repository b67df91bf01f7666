"""Workspaces, standing queries, rules and platform accounts from one description. Saving it again changes nothing."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import yaml

from lead_pipeline.contracts.platform_accounts import HEALTHCARE, AccountSent
from lead_pipeline.contracts.rules import parse_rules
from lead_pipeline.domain.field_mapping import BODY
from lead_pipeline.domain.platforms import LIMITS
from lead_pipeline.steps.load_rules import put_in_force
from lead_pipeline.steps.save_platform_account import put_account
from lead_pipeline.store.connections import connect
from lead_pipeline.store.sealed import Seal
from lead_pipeline.store.workspaces import save_query, save_workspace

_WHOLE_BODY = {name: name for name in BODY if name != "id"}
_SEEDED = "seed"


def seed(url: str, description: Mapping[str, Any], *, sandbox_url: str, key: str, seal: Seal) -> None:
    """Save what `description` names: workspaces, queries_of, queries, rules, and `accounts` by platform.

    Every workspace has an account at every platform of the sandbox, whose key is `key`. A platform that `accounts`
    names is the `provider` there (http by default) with those `options` and that `mapping`.
    """
    with connect(url) as conn, conn.transaction():
        ids = {workspace["slug"]: save_workspace(conn, **workspace) for workspace in description["workspaces"]}
        for query in description["queries"]:
            save_query(conn, ids[description["queries_of"]], query["name"], query["filters"])
        put_in_force(conn, parse_rules(yaml.safe_dump(description["rules"]), format="yaml"))
        for platform in LIMITS:
            sent = _account(platform, description.get("accounts", {}).get(platform, {}), sandbox_url, key)
            for workspace_id in ids.values():
                put_account(conn, seal, workspace_id, platform, sent, updated_by=_SEEDED, now=datetime.now(UTC))


def _account(platform: str, named: Mapping[str, Any], sandbox_url: str, key: str) -> AccountSent:
    provider = named.get("provider", "http")
    credentials = {
        "http": {"api_key": key},
        "salesforce": {"client_id": "sandbox", "client_secret": key},
        "hubspot": {"access_token": key},
    }[provider]
    default: Mapping[str, Any] = _WHOLE_BODY if platform == HEALTHCARE else {}
    return AccountSent.model_validate(
        {
            "provider": provider,
            "url": f"{sandbox_url}/platforms/{platform}" if provider == "http" else f"{sandbox_url}/{provider}",
            "credentials": credentials,
            "options": named.get("options", {}),
            "mapping": named.get("mapping", default),
        }
    )
