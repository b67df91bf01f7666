"""What assets are handed: the database and clients of the vendors, made from the environment when a run begins."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from dagster import ConfigurableResource, InitResourceContext
from pydantic import PrivateAttr

from lead_pipeline.channels.platforms.http_batches import HttpBatches
from lead_pipeline.domain.platforms import LIMITS
from lead_pipeline.settings import Settings, load_settings
from lead_pipeline.store.connections import conninfo, database
from lead_pipeline.vendors.clay import Clay
from lead_pipeline.vendors.datashopper import DataShopper
from lead_pipeline.vendors.rate_limit import TokenBucket
from lead_pipeline.vendors.transport import Timeouts, Transport


class Pipeline(ConfigurableResource):
    """The outside of a run. `url` is a libpq address; clients share one transport per vendor and run."""

    _settings: Settings = PrivateAttr()
    _url: str = PrivateAttr()
    _open: ExitStack = PrivateAttr()
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
            yield self

    def datashopper(self) -> DataShopper:
        address, key = self._settings.vendor("datashopper")
        return DataShopper(self._transport("DataShopper", "DATASHOPPER_API_KEY"), address, key)

    def clay(self) -> Clay:
        address, key = self._settings.vendor("clay")
        pace = TokenBucket(self._settings.clay_rate_per_second, self._settings.clay_burst)
        return Clay(self._transport("Clay", "CLAY_API_KEY", pace), address, key)

    def platform(self, name: str, settings: Mapping[str, Any]) -> HttpBatches:
        """A platform by its name and a workspace's settings for it: url, api_key."""
        rate = LIMITS[name].requests_per_second
        pace = TokenBucket(rate, int(rate))
        transport = self._transport(name, f"platforms.{name}.api_key in the workspace's settings", pace)
        return HttpBatches(name, settings["url"], settings["api_key"], transport)

    def _transport(self, vendor: str, credential: str, pace: TokenBucket | None = None) -> Transport:
        if vendor not in self._transports:
            self._transports[vendor] = self._open.enter_context(
                Transport(
                    vendor,
                    credential=credential,
                    bucket=pace or TokenBucket(),
                    timeouts=Timeouts(read=self._settings.vendor_timeout_seconds),
                    concurrency=self._settings.vendor_concurrency,
                )
            )
        return self._transports[vendor]


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
