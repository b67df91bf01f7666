"""Active queries to landed pages: ask DataShopper, land each page, stop at the day's bound. Validates nothing."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import psycopg

from lead_pipeline.domain.search import search_params
from lead_pipeline.errors import LeadPipelineError, NotFound
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.searches import fetched_so_far
from lead_pipeline.store.workspaces import Query, active_queries, mark_query_run
from lead_pipeline.vendors.datashopper import DataShopper, SearchPage


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
    price: Decimal = Decimal(0),
    currency: str = "USD",
    query_id: str | None = None,
    progress: Callable[[Pulled], None] = lambda _: None,
) -> list[Pulled]:
    """Pull every active query for a day, or just one, at most `limit` companies each, over re-runs too.

    Each page notes what one company costs, `price` in `currency` (ISO 4217), so that the past keeps its price.
    Raises NotFound where the one query is not there or not active. A query that fails does not stop the others: its
    error comes back beside what they landed.
    """
    with connect(url, autocommit=True) as conn:
        queries = [query for query in active_queries(conn) if query_id in (None, query.query_id)]
    if query_id is not None and not queries:
        raise NotFound(f"no active query {query_id}. Is it switched on? core.queries lists them all.")

    def pull(query: Query) -> Pulled:
        with connect(url, autocommit=True) as conn:
            done = _pull_query(conn, vendor, Search(query, day, run, price, currency), limit)
        progress(done)
        return done

    with ThreadPoolExecutor(concurrency) as pool:
        return list(pool.map(pull, queries))


@dataclass(frozen=True)
class Search:
    """One query on one day, for a run."""

    query: Query
    day: date
    run: Run
    price: Decimal
    currency: str


def _pull_query(conn: psycopg.Connection, vendor: DataShopper, search: Search, limit: int) -> Pulled:
    query = search.query
    so_far = fetched_so_far(conn, query.query_id, search.day)
    pages, companies, cursor = so_far.pages, so_far.companies, so_far.cursor
    landed, added, error = 0, 0, None
    try:
        params = search_params(query.filters, limit, search.day)
        while companies < params["limit"] and (pages == 0 or cursor is not None):
            page = vendor.search(params, cursor)
            taken = min(len(page.companies), params["limit"] - companies)
            if _land_page(conn, search, page, number=pages, companies=taken):
                pages, companies, cursor = pages + 1, companies + taken, page.next_cursor
                landed, added = landed + 1, added + taken
            else:
                so_far = fetched_so_far(conn, query.query_id, search.day)
                pages, companies, cursor = so_far.pages, so_far.companies, so_far.cursor
        mark_query_run(conn, query.query_id, search.run.clock())
    except LeadPipelineError as failure:
        error = failure
    return Pulled(query, landed, added, error)


def _land_page(conn: psycopg.Connection, search: Search, page: SearchPage, *, number: int, companies: int) -> bool:
    """Land the exact bytes, `companies` of them to be taken. False where another run was faster: its page stands."""
    _, is_new = land(
        conn,
        Landing(
            source="datashopper",
            kind="vendor_page",
            external_id=f"{search.query.query_id}/{search.day.isoformat()}/{number}",
            workspace_id=search.query.workspace_id,
            query_id=search.query.query_id,
            day=search.day,
            received_at=search.run.clock(),
            body=page.body,
            body_sha256=hashlib.sha256(page.body).hexdigest(),
            headers={
                "page": number,
                "companies": companies,
                "next_cursor": page.next_cursor,
                "price": f"{search.price:f}",
                "currency": search.currency,
                "run_id": search.run.run_id,
            },
        ),
    )
    return is_new
