"""Completed bulk imports of a day to landed pages: list them, and land what is not landed yet. Validates nothing."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import psycopg

from lead_pipeline.errors import LeadPipelineError, PermanentError
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.import_pages import SOURCE, FetchedImport, fetched_of_import, page_id
from lead_pipeline.store.vendor_answers import keep_answer
from lead_pipeline.store.workspaces import find_workspace
from lead_pipeline.vendors.audience_labs import AudienceLabs, BulkImport, LeadsPage

PAGE_EVENT = "import_page"
COMPLETED = "completed"
MAX_PAGES = 1_000
"""Of one import, 100 leads each: paging that never ends must not fill the disk."""


@dataclass(frozen=True)
class PulledImport:
    """One import's pull. `error` is None where it went through; what was landed before it stays."""

    import_id: str
    pages: int = 0
    leads: int = 0
    error: LeadPipelineError | None = None


@dataclass(frozen=True)
class Pulling:
    """For whom imports are pulled. `workspace` (slug or id) receives those that name none."""

    day: date
    run: Run
    workspace: str | None = None


def pull_imports(
    url: str,
    vendor: AudienceLabs,
    pulling: Pulling,
    *,
    concurrency: int,
    progress: Callable[[PulledImport], None] = lambda _: None,
) -> list[PulledImport]:
    """Pull every import of the day that is completed, each from where it was left; what is whole is not asked for.

    An import that fails does not stop the others. Raises as the vendor does where the imports cannot be listed.
    """
    answer = vendor.imports(pulling.day)
    with connect(url) as conn:
        keep_answer(
            conn,
            vendor=SOURCE,
            event="imports",
            key=f"{pulling.day}/{hashlib.sha256(answer.body).hexdigest()}",
            workspace_id=None,
            day=pulling.day,
            received_at=pulling.run.clock(),
            body=answer.body,
            run_id=pulling.run.run_id,
        )

    def pull(wanted: BulkImport) -> PulledImport:
        with connect(url, autocommit=True) as conn:
            done = _pull_import(conn, vendor, wanted, pulling)
        progress(done)
        return done

    completed = {one.import_id: one for one in answer.imports if one.status == COMPLETED}
    with ThreadPoolExecutor(concurrency) as pool:
        return list(pool.map(pull, completed.values()))


def _pull_import(conn: psycopg.Connection, vendor: AudienceLabs, wanted: BulkImport, pulling: Pulling) -> PulledImport:
    landed, leads = 0, 0
    try:
        so_far = fetched_of_import(conn, wanted.import_id)
        workspace_id = _workspace_of(conn, wanted, pulling)
        while not so_far.is_whole:
            if so_far.pages >= MAX_PAGES:
                raise PermanentError(
                    f"import {wanted.import_id} goes on after {MAX_PAGES:,} pages, which are landed. "
                    "Ask Audience Labs whether its paging ends."
                )
            page = vendor.leads(wanted.import_id, so_far.cursor)
            _, is_new = land(conn, _landing(wanted, page, pulling, so_far.pages, workspace_id))
            if is_new:
                landed, leads = landed + 1, leads + len(page.leads)
                so_far = FetchedImport(so_far.pages + 1, page.next_cursor)
            else:  # another run was faster: its page stands
                so_far = fetched_of_import(conn, wanted.import_id)
    except LeadPipelineError as failure:
        return PulledImport(wanted.import_id, landed, leads, failure)
    return PulledImport(wanted.import_id, landed, leads)


def _workspace_of(conn: psycopg.Connection, wanted: BulkImport, pulling: Pulling) -> str | None:
    """Its id; None where nobody knows it, so that the pages land all the same and their validation says what to do."""
    name = wanted.workspace or pulling.workspace
    return None if name is None else find_workspace(conn, name)


def _landing(wanted: BulkImport, page: LeadsPage, pulling: Pulling, number: int, workspace_id: str | None) -> Landing:
    """The exact bytes of a page; its headers say where to go on, and the workspace as the vendor named it."""
    return Landing(
        source=SOURCE,
        kind="vendor_page",
        event_type=PAGE_EVENT,
        external_id=page_id(wanted.import_id, number),
        workspace_id=workspace_id,
        day=pulling.day,
        received_at=pulling.run.clock(),
        body=page.body,
        body_sha256=hashlib.sha256(page.body).hexdigest(),
        headers={
            "import_id": wanted.import_id,
            "page": number,
            "leads": len(page.leads),
            "next_cursor": page.next_cursor,
            "workspace": wanted.workspace,
            "run_id": pulling.run.run_id,
        },
    )
