"""Days of the CRM for tests: its events as they land, the chain against a sandbox, and what the sandbox saw of it.

`enrich_crm_day` is also what `nursery.py` runs in processes that are killed. No test is here.
"""

import datetime as dt
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lead_pipeline.domain.crm_closing import ACTION
from lead_pipeline.domain.webhooks import read_envelope
from lead_pipeline.sandbox.brazil import Brazilian, brazilian
from lead_pipeline.settings import SANDBOX_KEY
from lead_pipeline.steps.crm_chain import Chain
from lead_pipeline.steps.decide_events import decide_pending_events
from lead_pipeline.steps.enrich_parties import enrich_parties
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.sealed import Seal, seal_of
from lead_pipeline.vendors.contact2sale import Contact2Sale
from lead_pipeline.vendors.diretrix import Diretrix
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport
from lead_pipeline.vendors.work_api import WorkApi

SEED = 7
ROUNDS = 60
SOON = dt.timedelta(milliseconds=1)
_VENDORS = {"diretrix": Diretrix, "work-api": WorkApi, "c2s": Contact2Sale}


def person(number: int) -> Brazilian:
    """The n-th person that the sandbox's vendors know."""
    return brazilian(SEED, number)


def seal(var: Path) -> Seal:
    return seal_of(None, var, uses_sandbox=True)


@contextmanager
def opened_chain(
    sandbox: str, var: Path, *, timeout: float = 2.0, keys: dict[str, str] | None = None, **more: Any
) -> Iterator[Chain]:
    """The chain against a sandbox, with a short patience and no pace. `keys`: of vendors that are given another one."""
    with ExitStack() as stack:
        clients = {}
        for name, vendor in _VENDORS.items():
            transport = Transport(
                name, credential="SANDBOX_KEY", bucket=TokenBucket(1e6, 1000), timeouts=Timeouts(read=timeout),
                patience=Patience(initial=0.01, jitter=0.01, longest=0.05), concurrency=16,
            )  # fmt: skip
            key = (keys or {}).get(name, SANDBOX_KEY)
            clients[name] = vendor(stack.enter_context(transport), f"{sandbox}/{name}/v1", key)
        defaults = {"backoff": (SOON, SOON), "settles_after": dt.timedelta(seconds=0.5)}
        yield Chain(clients["diretrix"], clients["work-api"], clients["c2s"], seal(var), **{**defaults, **more})


def enrich_crm_day(
    url: str, sandbox: str, var: str, day: str, *, run_id: str = "test", concurrency: int = 4,
    how: dict[str, Any] | None = None, **chain: Any,
) -> dict[str, int]:  # fmt: skip
    """Enrich the parties of a day. `how` goes to the step, the rest to the chain."""
    with opened_chain(sandbox, Path(var), **chain) as opened:
        return enrich_parties(
            url, opened, dt.date.fromisoformat(day), Run(run_id), concurrency=concurrency, **(how or {})
        )


@dataclass
class CrmDays:
    """One test's CRM on a world. `lines` are what the chain said."""

    world: Any
    lines: list[str] = field(default_factory=list)

    def event(
        self, lead: str, action: str = "on_create_lead", *, minute: int = 0, day: dt.date | None = None, **customer: Any
    ) -> int:
        """An event of the CRM, landed. Each minute is another event of the lead."""
        at = dt.datetime.combine(day or self.world.day, dt.time(9), dt.UTC) + dt.timedelta(minutes=minute)
        attributes = {"updated_at": at.isoformat(), "customer": customer}
        return self.world.land("c2s", {"id": lead, "hook_action": action, "attributes": attributes}, day=day)

    def close(
        self, lead: object, *, minute: int = 0, day: dt.date | None = None, workspace: str = "seller",
        **attributes: Any,
    ) -> int:  # fmt: skip
        """An event that closes a lead, landed as the intake service does it. Each minute is another event of it."""
        on = day or self.world.day
        at = dt.datetime.combine(on, dt.time(12), dt.UTC) + dt.timedelta(minutes=minute)
        body = json.dumps(
            {"id": lead, "hook_action": ACTION, "attributes": {"updated_at": at.isoformat(), **attributes}}
        ).encode()
        owner = self.world.one("SELECT workspace_id FROM core.workspaces WHERE slug = %s", workspace)
        landing = Landing(
            source="c2s", kind="webhook", external_id=read_envelope("c2s", body).external_id, workspace_id=owner,
            day=on, received_at=at, body=body, body_sha256=hashlib.sha256(body).hexdigest(), event_type=ACTION,
            stage="kept",
        )  # fmt: skip
        with connect(self.world.url) as conn:
            return land(conn, landing)[0]

    def decide(self, day: dt.date | None = None) -> None:
        decide_pending_events(self.world.url, day or self.world.day, Run("decided"))

    def enrich(self, day: dt.date | None = None, **more: Any) -> dict[str, int]:
        how = {"say": self.lines.append, **more.pop("how", {})}
        place = (self.world.url, self.world.sandbox, str(self.world.var), str(day or self.world.day))
        return enrich_crm_day(*place, how=how, **more)

    def run(self, **more: Any) -> dict[str, int]:
        self.decide()
        return self.enrich(**more)

    def until_settled(self, day: dt.date | None = None, **more: Any) -> dict[str, int]:
        """Run after run, until none is pending; at most ROUNDS."""
        for _ in range(ROUNDS):
            counts = self.enrich(day, **more)
            if not counts.get("pending"):
                break
            time.sleep(0.1)
        return counts

    def messages(self) -> dict[str, int]:
        """How many messages each lead got."""
        return {lead: len(messages) for lead, messages in self.sent().items()}

    def sent(self) -> dict[str, list[str]]:
        """The messages that the CRM got, lead by lead, each as often as it got it: the sandbox's own record."""
        return {
            lead: [one["message"] for one in messages for _ in range(one["times"])]
            for lead, messages in self.world.record()["crm_messages"].items()
        }

    def calls(self, vendor: str) -> dict[str, int]:
        """What a vendor was asked, and how often."""
        return self.world.record()["vendor_calls"].get(vendor, {})

    def events(self) -> list[tuple[Any, ...]]:
        """Lead, status and error message of each event, in the order in which they landed."""
        return self.world.rows("SELECT lead_id, status, error_message FROM core.webhook_events ORDER BY drop_id")


def contacts(who: Brazilian) -> dict[str, str]:
    """The contacts of a person as the CRM has them."""
    return {"name": who.name, "email": who.emails[0], "phone": who.phones[0]}


Crm = Callable[..., CrmDays]
