"""Messages on every channel for tests: destinations at the sandbox, messages written down, and what became of them.

`send` is also what `nursery.py` runs in processes that are killed. Time is real, but pauses are not waited for:
`make_due` shortens them, save what a message whose answer was lost may still be on its way. No test is here.
"""

import datetime as dt
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from lead_pipeline.channels.opening import Channels
from lead_pipeline.settings import Settings, load_settings
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.send_deliveries import Outside, Sent, send_due
from lead_pipeline.steps.ways_out import ways_out
from lead_pipeline.store.connections import connect
from lead_pipeline.store.intents import Intent, intend
from lead_pipeline.store.sealed import credential_seal
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport

SECRET = f"whsec_{'QUJD' * 11}"
SETTLES = 0.8
"""Seconds after which a lost message is surely not on its way: longer than any latency of these tests."""
ROUNDS = 60
_OPEN = "state IN ('intended', 'sent', 'unknown')"
CHANNELS = ("email", "sms", "slack", "webhook")
CONTEXT = {
    "crm_lead_id": "L1", "realtor": "rea@realty.example", "realtor_name": "Rea", "manager_name": "Man",
    "closed_at": "2026-03-02T12:00:00+00:00", "customer": "Cus", "source": "site",
}  # fmt: skip


def settings_of(url: str, sandbox: str, var: str, **more: str) -> Settings:
    return load_settings({"DATABASE_URL": url, "SANDBOX_URL": sandbox, "LEAD_PIPELINE_VAR": var, **more})


def open_outside(settings: Settings, stack: ExitStack, *, timeout: float = 2.0, **terms: Any) -> Outside:
    """The ways out, with no pace and one attempt a call, as a run has them."""

    def wire(name: str, guarded: httpx.BaseTransport | None) -> Transport:
        return stack.enter_context(
            Transport(
                name, credential="SANDBOX_KEY", bucket=TokenBucket(1e6, 1000), timeouts=Timeouts(read=timeout),
                patience=Patience(attempts=1), concurrency=16, wire=guarded, is_address_secret=name == "slack",
            )
        )  # fmt: skip

    outside = ways_out(settings, stack.enter_context(Channels(settings, wire)))
    settled = {"settles_after": dt.timedelta(seconds=SETTLES), **terms}
    return replace(outside, terms=replace(outside.terms, **settled))


def send(url: str, sandbox: str, var: str, *, timeout: float = 2.0, run_id: str = "test", widest: int = 8) -> Sent:
    """Send what is due."""
    settings = settings_of(url, sandbox, var, DELIVERY_TIMEOUT_SECONDS=str(timeout))
    with ExitStack() as stack:
        outside = replace(open_outside(settings, stack, timeout=timeout), widest=widest)
        return send_due(url, outside, Run(run_id))


@dataclass
class Sending:
    """One test's messages on a world. `destinations`: channel to the id of the seller's destination."""

    world: Any
    destinations: dict[str, str] = field(default_factory=dict)
    written: int = 0

    def __post_init__(self) -> None:
        for channel in CHANNELS:
            self.destinations[channel] = self.add(channel)

    @property
    def owner(self) -> str:
        return str(self.world.one("SELECT workspace_id FROM core.workspaces WHERE slug = 'seller'"))

    @property
    def settings(self) -> Settings:
        return self.settings_with()

    def settings_with(self, **more: str) -> Settings:
        return settings_of(self.world.url, self.world.sandbox, str(self.world.var), **more)

    def add(self, channel: str, address: str | None = None, **columns: Any) -> str:
        """A destination of the seller, told of closings."""
        seal = credential_seal(self.settings)
        at = {
            "email": "man@realty.example.com",
            "sms": "+12125552368",
            "slack": f"{self.world.sandbox}/slack/services/T00000000/B00000000/{'x' * 24}",
            "webhook": f"{self.world.sandbox}/hooks/man",
        }[channel]
        row = {
            "workspace_id": self.owner,
            "channel": channel,
            "address_sealed": seal.seal((address or at).encode()),
            "shown": channel,
            "kinds": ["manager_notice"],
            **({"secret_sealed": seal.seal(SECRET.encode())} if channel == "webhook" else {}),
            **({"opted_in_at": dt.datetime.now(dt.UTC)} if channel == "sms" else {}),
            **columns,
        }
        names, places = ", ".join(row), ", ".join(["%s"] * len(row))
        return str(
            self.world.one(
                f"INSERT INTO outbound.destinations ({names}) VALUES ({places}) RETURNING destination_id::text",
                *row.values(),
            )
        )

    def write(self, count: int = 1, channels: tuple[str, ...] = CHANNELS, **more: Any) -> None:
        """So many messages down to each of these destinations, each about another closing."""
        now = dt.datetime.now(dt.UTC)
        rows = []
        for _ in range(count):
            self.written += 1
            context = {**CONTEXT, "crm_lead_id": f"L{self.written}", "customer": f"Cus {self.written}"}
            rows += [
                Intent(
                    "manager_notice", f"close/{self.written}", self.owner, self.destinations[name],
                    name.partition("-")[0], context=context, **more,
                )
                for name in channels
            ]  # fmt: skip
        with connect(self.world.url) as conn:
            assert len(rows) == intend(conn, rows, now=now, run_id="test")

    def send(self, **more: Any) -> Sent:
        return send(self.world.url, self.world.sandbox, str(self.world.var), **more)

    def make_due(self) -> int:
        """Let every open message be due now that can no longer be on its way; how many are open."""
        self.world.execute(
            f"UPDATE outbound.deliveries SET next_attempt_at = now() WHERE {_OPEN} "
            "AND (state = 'intended' OR provider_id IS NOT NULL OR attempted_at < now() - make_interval(secs => %s))",
            SETTLES,
        )
        self.world.execute("UPDATE outbound.destinations SET retry_at = NULL WHERE retry_at IS NOT NULL")
        return int(self.world.one(f"SELECT count(*) FROM outbound.deliveries WHERE {_OPEN}"))

    def until_settled(self, **more: Any) -> dict[str, int]:
        """Run after run, until no message is open; at most ROUNDS. How many are in each state."""
        for _ in range(ROUNDS):
            self.send(**more)
            if not self.make_due():
                break
            if not self.world.one(
                f"SELECT count(*) FROM outbound.deliveries WHERE {_OPEN} AND next_attempt_at <= now()"
            ):
                time.sleep(0.1)  # what is open may still be on its way
        return self.states()

    def states(self, channel: str | None = None) -> dict[str, int]:
        rows = self.world.rows(
            "SELECT state, count(*) FROM outbound.deliveries WHERE channel = coalesce(%s, channel) GROUP BY 1", channel
        )
        return dict(rows)

    def rows(self, columns: str) -> list[tuple[Any, ...]]:
        """Columns of every message, in the order in which they were written down."""
        return self.world.rows(f"SELECT {columns} FROM outbound.deliveries ORDER BY seq")

    def effects(self) -> Counter[str]:
        """How many messages each channel's receivers got."""
        told = self.world.record()["messages"]
        return Counter({name: sum(one["effects"] for one in keys.values()) for name, keys in told.items()})

    def repeats(self) -> Counter[str]:
        """How many of them said what had been said."""
        told = self.world.record()["messages"]
        return Counter({name: sum(one["repeats"] for one in keys.values()) for name, keys in told.items()})

    def resends(self) -> int:
        """Sends that are listed as made without knowing."""
        return int(self.world.one("SELECT coalesce(sum(resends), 0) FROM outbound.deliveries"))
