"""One claimed batch of uploads: asked about or sent, and settled row by row. Which batch is the caller's choice.

A call is written down before it is made. Where its outcome is not known, a platform that knows leads by our id is sent
the same again; any other is asked first, and where it cannot be asked either the batch waits as `unknown`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg

from lead_pipeline.channels.platforms.port import BatchOutcome, Platform
from lead_pipeline.contracts.platform_accounts import HEALTHCARE, PlatformAccount
from lead_pipeline.domain.field_mapping import paths_sent
from lead_pipeline.errors import (
    LeadPipelineError,
    OutcomeUnknown,
    SettingsError,
    TargetRefused,
    VendorRefused,
    VendorUnavailable,
)
from lead_pipeline.steps.run import Run
from lead_pipeline.store import platform_accounts, upload_outcomes, uploads
from lead_pipeline.store.uploads import Batch

MAX_SENDS = 3
_KEY_REFUSED = (401, 403)
_OUTCOMES = {OutcomeUnknown: "unknown", VendorRefused: "refused"}


@dataclass
class Settling:
    """A claimed batch and whom it goes to. `conn` holds the claim; `journal` commits each statement at once."""

    conn: psycopg.Connection
    journal: psycopg.Connection
    batch: Batch
    account: PlatformAccount
    platform: Platform
    run: Run

    def __post_init__(self) -> None:
        self._may_have_it = self.batch.was_sent
        self._put_off: Counter[str] = Counter()

    def settle(self) -> bool:
        """Send what is open of the batch and write down what became of it. Returns whether some of it was put off."""
        conn, key = self.conn, self.batch.batch_key
        leads = uploads.payloads_of(conn, key)
        try:
            # One part, unless the account became one that takes less at once after the batch was planned.
            for start in range(0, len(leads), self.platform.batch_size):
                self._write_down(self._outcome(leads[start : start + self.platform.batch_size]))
        except (OutcomeUnknown, VendorUnavailable, SettingsError, TargetRefused) as failure:
            self._leave_open(str(failure))
        except VendorRefused as refused:
            if refused.status in _KEY_REFUSED:
                self._leave_open(str(refused))
            else:
                uploads.fail(conn, key, str(refused), self.run.clock())
        else:
            if self._put_off:
                reasons = "; ".join(f"{count} put off ({reason})" for reason, count in self._put_off.most_common(3))
                uploads.leave_open(conn, key, "intended", reasons)
            else:
                uploads.close(conn, key, self.run.clock())
        return bool(self._put_off)

    def _outcome(self, leads: Sequence[dict[str, Any]]) -> BatchOutcome:
        """What became of these leads. Raises OutcomeUnknown where it stays unknown."""
        lost = OutcomeUnknown("its outcome is not known.")
        for _ in range(1 if self.platform.repeats_safely else MAX_SENDS):
            if self._may_have_it and not self.platform.repeats_safely:
                known = self._call("ask", self.platform.ask_batch)
                if known is not None:
                    return known
            try:
                return self._send(leads)
            except OutcomeUnknown as unknown:
                self._may_have_it, lost = True, unknown
        raise lost

    def _send(self, leads: Sequence[dict[str, Any]]) -> BatchOutcome:
        if self.account.platform == HEALTHCARE:
            platform_accounts.log_access(
                self.journal,
                self.account,
                self.batch.batch_key,
                {str(lead["id"]): paths_sent(self.account.mapping, lead) for lead in leads},
                host=urlsplit(self.account.url).netloc,
                run_id=self.run.run_id,
                now=self.run.clock(),
            )
        sent = self._call("send", lambda key: self.platform.send_batch(key, leads))
        assert sent is not None
        return sent

    def _call(self, action: str, call: Callable[[str], BatchOutcome | None]) -> BatchOutcome | None:
        key, journal = self.batch.batch_key, self.journal
        number = uploads.begin_attempt(journal, key, action, self.run.run_id, self.run.clock())
        try:
            outcome = call(key)
        except LeadPipelineError as error:
            uploads.end_attempt(journal, key, number, _OUTCOMES.get(type(error), "unavailable"), str(error))
            raise
        finally:
            self._note_allowance()
        uploads.end_attempt(journal, key, number, "absent" if outcome is None else "confirmed", None)
        return outcome

    def _note_allowance(self) -> None:
        if self.platform.allowance is not None:
            account = self.account
            platform_accounts.note_allowance(
                self.journal, account.workspace_id, account.platform, self.platform.allowance, self.run.clock()
            )

    def _write_down(self, outcome: BatchOutcome) -> None:
        conn, key, now = self.conn, self.batch.batch_key, self.run.clock()
        upload_outcomes.reject(conn, key, {one.lead_id: one.reason for one in outcome.rejected}, now)
        remote_ids = {lead_id: outcome.remote_ids.get(lead_id) for lead_id in outcome.accepted}
        upload_outcomes.confirm(conn, key, remote_ids, now)
        if upload_outcomes.put_off(conn, key, {one.lead_id: one.reason for one in outcome.deferred}, now):
            self._put_off.update(one.reason.partition(":")[0] for one in outcome.deferred)

    def _leave_open(self, why: str) -> None:
        uploads.leave_open(self.conn, self.batch.batch_key, "unknown" if self._may_have_it else "intended", why)
