"""The client of an account: which product it is decides. The wire is handed in."""

from lead_pipeline.channels.platforms.http_batches import HttpBatches
from lead_pipeline.channels.platforms.hubspot import HubSpot
from lead_pipeline.channels.platforms.port import Platform
from lead_pipeline.channels.platforms.salesforce import Salesforce
from lead_pipeline.channels.wire import Wire
from lead_pipeline.contracts.platform_accounts import PlatformAccount


def open_platform(account: PlatformAccount, wire: Wire) -> Platform:
    """A client of one account. It keeps what a session needs, so one of them serves a whole run."""
    if account.provider == "salesforce":
        return Salesforce(account, wire)
    if account.provider == "hubspot":
        return HubSpot(account, wire)
    return HttpBatches(account.platform, account.url, account.credentials["api_key"], wire, account.mapping)
