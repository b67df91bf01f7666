"""`core.leads`, `core.lead_sightings`, `core.quarantined_rows`: frames in, set-based. Decides nothing."""

import pandas as pd
import psycopg
from psycopg.errors import UniqueViolation

from lead_pipeline.store.bulk import array_literal, copy_frame, fetch_frame, stage_frame


def insert_leads(conn: psycopg.Connection, leads: pd.DataFrame) -> pd.Series:
    """Insert the leads that their workspace does not know yet; of two alike in the frame the first row wins.

    `leads` has the columns of core.leads. Returns, aligned with it, True where the lead is new. In fingerprint
    order, so that two processes that insert the same leads wait for one another instead of deadlocking.
    """
    parties = leads["workspace_id"] + leads["fingerprint"]
    wanted = leads[~(parties.duplicated() | parties.isin(_known_parties(conn, leads)))]
    if wanted.empty:
        return pd.Series(False, index=leads.index)
    if not wanted["fingerprint"].is_monotonic_increasing:
        wanted = wanted.sort_values("fingerprint")
    try:
        with conn.transaction():
            copy_frame(conn, "core.leads", wanted, only_filled=True)
    except UniqueViolation:  # another process has inserted one of them since we asked
        return leads["lead_id"].isin(_insert_unknown(conn, wanted))
    return pd.Series(leads.index.isin(wanted.index), index=leads.index)


def _known_parties(conn: psycopg.Connection, leads: pd.DataFrame) -> pd.Series:
    """Those of the leads' (workspace id + fingerprint) that are in the store. One descent of the index for each."""
    found = conn.execute(
        """
        SELECT coalesce(array_agg(workspace_id::text || fingerprint::text), '{}') FROM core.leads
        WHERE workspace_id = ANY(%s::uuid[]) AND fingerprint = ANY(%s::uuid[])
        """,
        [array_literal(leads["workspace_id"].unique()), array_literal(leads["fingerprint"])],
    ).fetchone()
    assert found is not None
    return pd.Series(found[0], dtype="str")


def _insert_unknown(conn: psycopg.Connection, leads: pd.DataFrame) -> pd.Series:
    """Insert what is new by then, waiting for the others. Returns the lead ids inserted."""
    stage_frame(conn, "staged_leads", "core.leads", leads)
    columns = ", ".join(leads.columns)
    added = conn.execute(
        f"""
        WITH added AS (
            INSERT INTO core.leads ({columns}) SELECT {columns} FROM staged_leads ORDER BY fingerprint, row_no
            ON CONFLICT DO NOTHING RETURNING lead_id
        ) SELECT coalesce(array_agg(lead_id::text), '{{}}') FROM added
        """  # noqa: S608 - column names of our own contract
    ).fetchone()
    conn.execute("DROP TABLE staged_leads")
    assert added is not None
    return pd.Series(added[0], dtype="str")


def insert_sightings(conn: psycopg.Connection, duplicates: pd.DataFrame) -> None:
    """Record later arrivals of known leads: columns workspace_id, fingerprint, drop_id, row_no."""
    if duplicates.empty:
        return
    stage_frame(
        conn, "staged_sightings", "core.leads", duplicates[["workspace_id", "fingerprint", "drop_id", "row_no"]]
    )
    conn.execute(
        """
        INSERT INTO core.lead_sightings (drop_id, row_no, lead_id)
        SELECT s.drop_id, s.row_no, l.lead_id
        FROM staged_sightings s JOIN core.leads l USING (workspace_id, fingerprint)
        """
    )
    conn.execute("DROP TABLE staged_sightings")


def insert_quarantined(conn: psycopg.Connection, rows: pd.DataFrame) -> None:
    """Keep refused rows whole: columns drop_id, row_no, row (JSON text), reasons (JSON text), contract_version."""
    if not rows.empty:
        copy_frame(conn, "core.quarantined_rows", rows)


def leads_of_drops(conn: psycopg.Connection, drop_ids: list[int]) -> pd.DataFrame:
    """What scoring and routing decide on, for the leads of these drops, in order of arrival."""
    return fetch_frame(
        conn,
        """
        SELECT lead_id::text, drop_id, workspace_id::text, industry, industry_group, country, state, region,
            signals::text AS signals
        FROM core.leads WHERE drop_id = ANY(%s) ORDER BY drop_id, row_no
        """,
        [drop_ids],
    )


def quarantined_of_drop(conn: psycopg.Connection, drop_id: int) -> pd.DataFrame:
    """Refused rows of a drop with their reasons: row_no, row, reasons (JSON text)."""
    return fetch_frame(
        conn,
        "SELECT row_no, row::text AS row, reasons::text AS reasons FROM core.quarantined_rows "
        "WHERE drop_id = %s ORDER BY row_no",
        [drop_id],
    )


def quarantined_page(conn: psycopg.Connection, drop_id: int, *, after: int, limit: int) -> pd.DataFrame:
    """As `quarantined_of_drop`, at most `limit` rows that come after row number `after`."""
    return fetch_frame(
        conn,
        "SELECT row_no, row::text AS row, reasons::text AS reasons FROM core.quarantined_rows "
        "WHERE drop_id = %s AND row_no > %s ORDER BY row_no LIMIT %s",
        [drop_id, after, limit],
    )
