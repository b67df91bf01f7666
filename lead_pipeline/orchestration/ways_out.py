"""Clients of who sends our messages, as a run has them: one attempt a call, at the pace of all processes."""

from contextlib import ExitStack

import httpx

from lead_pipeline.channels.opening import Channels
from lead_pipeline.orchestration.vendor_health import VendorHealth
from lead_pipeline.settings import Settings
from lead_pipeline.steps.send_deliveries import Outside
from lead_pipeline.steps.ways_out import ways_out
from lead_pipeline.vendors.accounts import accounts
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport

_OWN_ADDRESSES = ("slack",)
"""Each address is one receiver's own and a secret: no circuit of all, and no message names it."""


def open_ways_out(settings: Settings, health: VendorHealth, until: ExitStack) -> Outside:
    """Every way out, closed with `until`. Whoever sends counts attempts, so that none is made unseen."""

    def wire(name: str, guarded: httpx.BaseTransport | None) -> Transport:
        account, is_own = accounts(settings)[name], name in _OWN_ADDRESSES
        seconds = settings.delivery_timeout_seconds
        return until.enter_context(
            Transport(
                account.label,
                credential=account.credential,
                bucket=health.pace(account),
                circuit=None if is_own else health.circuit(account, timeout=seconds),
                observe=health.counts.of(name),
                timeouts=Timeouts(read=seconds),
                patience=Patience(attempts=1),
                concurrency=settings.deliveries_per_destination,
                wire=guarded,
                is_address_secret=is_own,
            )
        )

    return ways_out(settings, until.enter_context(Channels(settings, wire)))
