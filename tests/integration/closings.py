"""Closed leads of the CRM for tests: managers of realtors, and what is written down for them. No test is here."""

import datetime as dt
from typing import Any

from cryptography.fernet import Fernet

from lead_pipeline.steps.run import Run
from lead_pipeline.steps.save_manager import NewManager, save_manager
from lead_pipeline.store.connections import connect
from lead_pipeline.store.sealed import Seal
from tests.integration.crm_days import CrmDays

BEFORE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SELLER = {"id": "S-7", "name": "Marina Prado", "email": "Marina@agency.example"}
_SEAL = Seal(Fernet.generate_key().decode())


def manage(
    crm: CrmDays, realtor: str = "marina@agency.example", name: str = "Rita", *, workspace: str = "seller",
    since: dt.datetime = BEFORE, **told: Any,
) -> str:  # fmt: skip
    """A manager of a realtor, told by e-mail unless said otherwise. Returns its id."""
    owner = str(crm.world.one("SELECT workspace_id FROM core.workspaces WHERE slug = %s", workspace))
    ways = {} if told.keys() & {"email", "phone", "slack"} else {"email": f"{name.lower()}@agency.example"}
    sent = NewManager(realtor, told.pop("realtor_name", "Marina Prado"), name, **ways, **told)
    with connect(crm.world.url, autocommit=True) as conn:
        return save_manager(conn, _SEAL, owner, sent, Run("manage", lambda: since))


def told(crm: CrmDays) -> list[tuple[str, str, str]]:
    """Manager, channel and subject of each message that is written down, in order."""
    return crm.world.rows(
        "SELECT context ->> 'manager_name', channel, subject FROM outbound.deliveries "
        "WHERE kind = 'manager_notice' ORDER BY subject, 1, channel"
    )


def outcomes(crm: CrmDays) -> list[tuple[str, str]]:
    """Lead and outcome of each closing event, in the order in which they landed."""
    return crm.world.rows("SELECT crm_lead_id, outcome FROM outbound.manager_notifications ORDER BY drop_id")
