"""Batches that are written down to platforms: claim, send or ask, commit. Nothing is sent twice, nothing forgotten.

A call is written down before it is made. Where its outcome is not known, the platform is asked before the batch
is sent again; where the platform cannot be asked either, the batch waits as `unknown` for the next run.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeGuard

import psycopg

from lead_pipeline.channels.platforms.port import BatchOutcome, Platform
from lead_pipeline.domain.platforms import LIMITS
from lead_pipeline.errors import LeadPipelineError, OutcomeUnknown, SettingsError, VendorRefused, VendorUnavailable
from lead_pipeline.steps.run import Run
from lead_pipeline.store import uploads
from lead_pipeline.store.connections import connect
from lead_pipeline.store.uploads import Batch
from lead_pipeline.store.workspaces import platform_settings

MAX_SENDS = 3
_KEY_REFUSED = (401, 403)
OpenPlatform = Callable[[str, Mapping[str, Any]], Platform]


@dataclass(frozen=True)
class Uploaded:
    """Uploads of a day by status, and why batches still wait."""

    counts: dict[str, int]
    waiting: list[str]


def upload_leads(url: str, open_platform: OpenPlatform, day: date, run: Run) -> Uploaded:
    """Work off every open batch of a day, platforms side by side, hot before warm.

    `open_platform` makes a client of a platform's name and the workspace's settings for it (url, api_key).
    """
    with ThreadPoolExecutor(len(LIMITS)) as pool:
        list(pool.map(lambda name: _upload_to(url, name, open_platform, day, run), LIMITS))
    with connect(url) as conn:
        return Uploaded(uploads.upload_counts(conn, day), uploads.open_errors(conn, day))


def _upload_to(url: str, platform: str, open_platform: OpenPlatform, day: date, run: Run) -> None:
    done: list[str] = []
    with connect(url) as conn, connect(url, autocommit=True) as journal:
        while True:
            with conn.transaction():
                batch = uploads.claim_batch(conn, day, platform, done)
                if batch is None:
                    return
                done.append(batch.batch_key)
                settings = platform_settings(conn, [batch.workspace_id])[batch.workspace_id].get(platform)
                if not _has_credentials(settings):
                    missing = f"no url and api_key in the workspace's settings, under platforms.{platform}"
                    status = "unknown" if batch.was_sent else "intended"
                    uploads.leave_open(conn, batch.batch_key, status, missing)
                else:
                    _settle(conn, journal, batch, open_platform(platform, settings), run)


def _has_credentials(settings: object) -> TypeGuard[Mapping[str, Any]]:
    """Workspaces write their own settings: a slip in one must hold up nobody else."""
    return isinstance(settings, Mapping) and all(
        isinstance(settings.get(name), str) and settings[name].strip() for name in ("url", "api_key")
    )


def _settle(conn: psycopg.Connection, journal: psycopg.Connection, batch: Batch, platform: Platform, run: Run) -> None:
    leads = uploads.payloads_of(conn, batch.batch_key)
    may_have_it, error = batch.was_sent, "its outcome is not known"
    try:
        for _ in range(MAX_SENDS):
            outcome = _call(journal, batch, "ask", run, platform.ask_batch) if may_have_it else None
            if outcome is None:
                try:
                    outcome = _call(journal, batch, "send", run, lambda key: platform.send_batch(key, leads))
                except OutcomeUnknown as unknown:
                    may_have_it, error = True, str(unknown)
                    continue
            assert outcome is not None
            reasons = {rejection.lead_id: rejection.reason for rejection in outcome.rejected}
            uploads.reject(conn, batch.batch_key, reasons, run.clock())
            uploads.confirm(conn, batch.batch_key, outcome.accepted, run.clock())
            return
        uploads.leave_open(conn, batch.batch_key, "unknown", error)
    except (VendorUnavailable, SettingsError) as failure:
        uploads.leave_open(conn, batch.batch_key, "unknown" if may_have_it else "intended", str(failure))
    except VendorRefused as refused:
        if refused.status in _KEY_REFUSED:
            uploads.leave_open(conn, batch.batch_key, "unknown" if may_have_it else "intended", str(refused))
        else:
            uploads.fail(conn, batch.batch_key, str(refused), run.clock())


def _call(
    journal: psycopg.Connection,
    batch: Batch,
    action: str,
    run: Run,
    call: Callable[[str], BatchOutcome | None],
) -> BatchOutcome | None:
    number = uploads.begin_attempt(journal, batch.batch_key, action, run.run_id, run.clock())
    try:
        outcome = call(batch.batch_key)
    except LeadPipelineError as error:
        uploads.end_attempt(journal, batch.batch_key, number, _OUTCOMES.get(type(error), "unavailable"), str(error))
        raise
    uploads.end_attempt(journal, batch.batch_key, number, "absent" if outcome is None else "confirmed", None)
    return outcome


_OUTCOMES = {OutcomeUnknown: "unknown", VendorRefused: "refused"}
