"""Active queries to landed pages: ask DataShopper, land each page, stop at the day's bound. Validates nothing."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import psycopg

from lead_pipeline.domain.search import search_params
from lead_pipeline.errors import LeadPipelineError
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.searches import fetched_so_far
from lead_pipeline.store.workspaces import Query, active_queries, mark_query_run
from lead_pipeline.vendors.datashopper import DataShopper


@dataclass(frozen=True)
class Pulled:
    """One query's pull of one day. `error` is None where it went through; what was landed before it stays."""

    query: Query
    pages: int
    companies: int
    error: LeadPipelineError | None = None


def pull_companies(
    url: str,
    vendor: DataShopper,
    day: date,
    run: Run,
    *,
    limit: int,
    concurrency: int,
    progress: Callable[[Pulled], None] = lambda _: None,
) -> list[Pulled]:
    """Pull every active query for a day, at most `limit` companies each, over re-runs too.

    A query that fails does not stop the others: its error comes back beside what they landed.
    """
    with connect(url, autocommit=True) as conn:
        queries = active_queries(conn)

    def pull(query: Query) -> Pulled:
        with connect(url, autocommit=True) as conn:
            done = _pull_query(conn, vendor, query, day, run, limit)
        progress(done)
        return done

    with ThreadPoolExecutor(concurrency) as pool:
        return list(pool.map(pull, queries))


def _pull_query(
    conn: psycopg.Connection, vendor: DataShopper, query: Query, day: date, run: Run, limit: int
) -> Pulled:
    so_far = fetched_so_far(conn, query.query_id, day)
    pages, companies, cursor = so_far.pages, so_far.companies, so_far.cursor
    try:
        params = search_params(query.filters, limit, day)
        limit = params["limit"]
        while companies < limit and (pages == 0 or cursor is not None):
            page = vendor.search(params, cursor)
            taken = page.companies[: limit - companies]
            _land_page(conn, query, day, run, page.body, pages, len(taken), page.next_cursor)
            pages, companies, cursor = pages + 1, companies + len(taken), page.next_cursor
        mark_query_run(conn, query.query_id, run.clock())
    except LeadPipelineError as error:
        return Pulled(query, pages - so_far.pages, companies - so_far.companies, error)
    return Pulled(query, pages - so_far.pages, companies - so_far.companies)


def _land_page(
    conn: psycopg.Connection,
    query: Query,
    day: date,
    run: Run,
    body: bytes,
    page: int,
    companies: int,
    next_cursor: str | None,
) -> None:
    """Land the exact bytes. Of two runs that fetch the same page at once, the first one's stands."""
    land(
        conn,
        Landing(
            source="datashopper",
            kind="vendor_page",
            external_id=f"{query.query_id}/{day.isoformat()}/{page}",
            workspace_id=query.workspace_id,
            query_id=query.query_id,
            day=day,
            received_at=run.clock(),
            body=body,
            body_sha256=hashlib.sha256(body).hexdigest(),
            headers={"page": page, "companies": companies, "next_cursor": next_cursor, "run_id": run.run_id},
        ),
    )
