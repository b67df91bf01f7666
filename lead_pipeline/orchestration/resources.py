"""What assets are handed: the database and clients of the vendors, made from the environment when a run begins."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
from dagster import ConfigurableResource, InitResourceContext
from pydantic import PrivateAttr

from lead_pipeline.channels.guarded_connections import GuardedTransport
from lead_pipeline.channels.opening import reachable_hosts
from lead_pipeline.channels.platforms.opening import open_platform
from lead_pipeline.channels.platforms.port import Platform
from lead_pipeline.contracts.platform_accounts import PlatformAccount
from lead_pipeline.domain.provider_limits import limits_of
from lead_pipeline.orchestration.vendor_health import VendorHealth, vendor_health
from lead_pipeline.orchestration.ways_out import open_ways_out
from lead_pipeline.settings import Settings, load_settings
from lead_pipeline.steps.send_deliveries import Outside
from lead_pipeline.store.connections import conninfo, database
from lead_pipeline.store.sealed import Seal, credential_seal
from lead_pipeline.vendors.accounts import Account, accounts
from lead_pipeline.vendors.attempts import Observe
from lead_pipeline.vendors.audience_labs import AudienceLabs
from lead_pipeline.vendors.circuit import Circuit
from lead_pipeline.vendors.clay import Clay
from lead_pipeline.vendors.contact2sale import Contact2Sale
from lead_pipeline.vendors.datashopper import DataShopper
from lead_pipeline.vendors.diretrix import Diretrix
from lead_pipeline.vendors.rate_limit import Pace
from lead_pipeline.vendors.transport import Timeouts, Transport
from lead_pipeline.vendors.work_api import WorkApi


class Pipeline(ConfigurableResource):
    """The outside of a run. `url` is a libpq address; clients share one transport per vendor and run.

    A vendor's pace and circuit are those of every process; each attempt is counted.
    """

    _settings: Settings = PrivateAttr()
    _url: str = PrivateAttr()
    _open: ExitStack = PrivateAttr()
    _health: VendorHealth = PrivateAttr()
    _lock: Any = PrivateAttr(default_factory=threading.Lock)
    _transports: dict[str, Transport] = PrivateAttr(default_factory=dict)

    @property
    def url(self) -> str:
        return self._url

    @property
    def settings(self) -> Settings:
        return self._settings

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["Pipeline"]:
        """Hold the database for the run, and tell dbt, which reads its address from the environment, where it is."""
        self._settings = load_settings(os.environ)
        with ExitStack() as self._open, database(self._settings) as self._url:
            os.environ.update(dbt_environment(self._url))
            self._health = self._open.enter_context(vendor_health(self._url))
            yield self

    def datashopper(self) -> DataShopper:
        return DataShopper(self._vendor("datashopper"), *self._settings.vendor("datashopper"))

    def clay(self) -> Clay:
        return Clay(self._vendor("clay"), *self._settings.vendor("clay"))

    def audience_labs(self) -> AudienceLabs:
        return AudienceLabs(self._vendor("audience_labs"), *self._settings.vendor("audience_labs"))

    def diretrix(self) -> Diretrix:
        return Diretrix(self._vendor("diretrix"), *self._settings.vendor("diretrix"))

    def work_api(self) -> WorkApi:
        return WorkApi(self._vendor("work_api"), *self._settings.vendor("work_api"))

    def contact2sale(self) -> Contact2Sale:
        return Contact2Sale(self._vendor("c2s"), *self._settings.vendor("c2s"))

    @property
    def credentials(self) -> Seal:
        """What opens platforms' credentials, addresses and secrets. Raises SettingsError where it is not set up."""
        return credential_seal(self._settings)

    def platform(self, account: PlatformAccount) -> Platform:
        """The client of a workspace's account, at the pace that all processes share."""
        label, limits = account.platform, limits_of(account.platform, account.provider)
        kept = Account(
            f"platform/{label}/{account.workspace_id}",
            label,
            f"the account's credentials, with: lead-pipeline platforms set SLUG {label}",
            limits.per_second,
            limits.burst,
        )
        # No circuit: its address is one workspace's own, and a slip in it must hold up no other.
        counts = self._health.counts.of(label)
        # Its address is a seller's choice, so it may not lead into our own network.
        guarded = GuardedTransport(reachable_hosts(self._settings))
        pace = self._health.pace(kept)
        return open_platform(
            account, self._transport(label, kept.credential, pace, counts, key=kept.name, wire=guarded)
        )

    def outside(self) -> Outside:
        """The ways out for messages."""
        return open_ways_out(self._settings, self._health, self._open)

    def _vendor(self, name: str) -> Transport:
        account, timeout = accounts(self._settings)[name], self._settings.vendor_timeout_seconds
        pace, circuit = self._health.pace(account), self._health.circuit(account, timeout=timeout)
        return self._transport(account.label, account.credential, pace, self._health.counts.of(name), circuit)

    def _transport(
        self,
        label: str,
        credential: str,
        pace: Pace,
        observe: Observe,
        circuit: Circuit | None = None,
        *,
        key: str | None = None,
        wire: httpx.BaseTransport | None = None,
    ) -> Transport:
        """The one transport of a `key`, which is the label unless several share that."""
        kept = key or label
        with self._lock:
            if kept not in self._transports:
                self._transports[kept] = self._open.enter_context(
                    Transport(
                        label,
                        credential=credential,
                        bucket=pace,
                        circuit=circuit,
                        observe=observe,
                        timeouts=Timeouts(read=self._settings.vendor_timeout_seconds),
                        concurrency=self._settings.vendor_concurrency,
                        wire=wire,
                    )
                )
            return self._transports[kept]


def dbt_environment(url: str) -> dict[str, str]:
    """The variables that dbt_project/profiles.yml reads, for a libpq address."""
    parts = conninfo(url)
    return {
        "DBT_HOST": parts.get("host", "localhost"),
        "DBT_PORT": parts.get("port", "5432"),
        "DBT_USER": parts.get("user", ""),
        "DBT_ENV_SECRET_PASSWORD": parts.get("password", ""),
        "DBT_DBNAME": parts.get("dbname", ""),
    }
