"""Batches that are written down to platforms: claimed one after the other, hot before warm, and settled.

Nothing is sent twice, nothing forgotten. An account that is missing, cannot be opened or is near the end of its daily
allowance keeps its own batches waiting, with the reason, and nobody else's.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import psycopg

from lead_pipeline.channels.platforms.port import Platform
from lead_pipeline.contracts.platform_accounts import HEALTHCARE, PlatformAccount
from lead_pipeline.domain.platforms import LIMITS
from lead_pipeline.domain.provider_limits import is_protected, must_wait
from lead_pipeline.errors import SettingsError
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.settle_uploads import Settling
from lead_pipeline.store import platform_accounts, uploads
from lead_pipeline.store.connections import connect
from lead_pipeline.store.sealed import Seal
from lead_pipeline.store.uploads import Batch

ROUNDS = 3
"""How often a run comes back to leads that were put off, after everything else of their platform."""
OpenPlatform = Callable[[PlatformAccount], Platform]


@dataclass(frozen=True)
class Uploaded:
    """Uploads of a day by status, by product and status, and why batches still wait."""

    counts: dict[str, int]
    by_provider: dict[str, dict[str, int]]
    waiting: list[str]


def upload_leads(url: str, open_platform: OpenPlatform, day: date, run: Run, seal: Seal) -> Uploaded:
    """Work off every open batch of a day, platforms side by side, hot before warm.

    `open_platform` makes a client of an account, whose credentials `seal` opens.
    """
    with ThreadPoolExecutor(len(LIMITS)) as pool:
        list(pool.map(lambda name: _Uploads(url, name, open_platform, day, run, seal).work(), LIMITS))
    with connect(url) as conn:
        counts, by_provider = dict[str, int](), dict[str, dict[str, int]]()
        for (provider, status), count in uploads.upload_counts(conn, day).items():
            counts[status] = counts.get(status, 0) + count
            by_provider.setdefault(provider, {})[status] = count
        return Uploaded(counts, by_provider, uploads.open_errors(conn, day))


@dataclass
class _Uploads:
    """What one run does at one platform."""

    url: str
    platform: str
    open_platform: OpenPlatform
    day: date
    run: Run
    seal: Seal

    def __post_init__(self) -> None:
        self._clients: dict[tuple[str, int], Platform] = {}

    def work(self) -> None:
        done: set[str] = set()
        with connect(self.url) as conn, connect(self.url, autocommit=True) as journal:
            for _ in range(ROUNDS):
                put_off: set[str] = set()
                while (key := self._next(conn, journal, done, put_off)) is not None:
                    done.add(key)
                if not put_off:
                    return
                done -= put_off

    def _next(
        self, conn: psycopg.Connection, journal: psycopg.Connection, done: set[str], put_off: set[str]
    ) -> str | None:
        """Settle one more batch, in a transaction. Returns its key, None where there is none left."""
        with conn.transaction():
            batch = uploads.claim_batch(conn, self.day, self.platform, sorted(done))
            if batch is None:
                return None
            account = self._account(conn, batch)
            if isinstance(account, str):
                uploads.leave_open(conn, batch.batch_key, "unknown" if batch.was_sent else "intended", account)
            elif Settling(conn, journal, batch, account, self._client(account), self.run).settle():
                put_off.add(batch.batch_key)
            return batch.batch_key

    def _account(self, conn: psycopg.Connection, batch: Batch) -> PlatformAccount | str:
        """The account that a batch goes to, or why it has to wait."""
        try:
            account = platform_accounts.account_at(conn, self.seal, batch.workspace_id, self.platform)
        except SettingsError as sealed:
            return f"its credentials cannot be read: {sealed}"
        if account is None:
            return f"the workspace has no account there. Save one: lead-pipeline platforms set SLUG {self.platform}"
        if self.platform == HEALTHCARE and not (account.mapping and is_protected(account.url)):
            return "health data leaves over TLS only, and with a mapping of what may leave: save the account again"
        told = platform_accounts.allowance_at(conn, batch.workspace_id, self.platform)
        if told is not None and must_wait(*told, self.run.clock()):
            used = f"{told[0].used:,} of {told[0].allowed:,} calls of the day are used"
            return f"{used}: uploads wait until the account has more, so that it is not locked for everybody else"
        return account

    def _client(self, account: PlatformAccount) -> Platform:
        key = (account.workspace_id, account.version)
        if key not in self._clients:
            self._clients[key] = self.open_platform(account)
        return self._clients[key]
