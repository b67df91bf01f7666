"""A landed CSV file to validated, scored and routed leads, chunk by chunk; a killed import goes on where it stopped.

The next chunk is decided while the last one is committed: Python and Postgres each have a core.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

import numpy as np
import pandas as pd
import psycopg

from lead_pipeline.domain.accounting import Accounting
from lead_pipeline.domain.csv_dialect import Dialect
from lead_pipeline.domain.csv_rows import CsvChunk, read_chunks, read_header
from lead_pipeline.domain.headers import HeaderMatch, to_canonical
from lead_pipeline.errors import InProgress, PermanentError, TransientError
from lead_pipeline.steps.decide import assign, score
from lead_pipeline.steps.run import Run
from lead_pipeline.steps.validate_rows import ValidatedRows, commit_rows, refused_rows, validate_rows
from lead_pipeline.store import drops, upload_jobs
from lead_pipeline.store.blobs import open_blob
from lead_pipeline.store.connections import connect
from lead_pipeline.store.decisions import insert_assignments, insert_scores
from lead_pipeline.store.drops import Drop

CHUNK_ROWS = 50_000
_SMALL_CHUNK, _STEPS = 500, 20
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Decided:
    """One chunk, decided and not committed. `share` is how much of the file is read at its end, 0 to 1."""

    first_row: int
    next_row: int
    rows: ValidatedRows
    scores: pd.DataFrame
    assignments: pd.DataFrame
    share: float


def import_csv(
    url: str,
    blobs: str,
    drop_id: int,
    run: Run,
    *,
    progress: Progress = lambda _: None,
    chunk_rows: int | None = None,
) -> Accounting:
    """Import what is left of a landed file. Returns what became of all of its rows, earlier runs' included.

    Chunks are small enough to show progress where the rows were counted, else of CHUNK_ROWS.
    A file that cannot be read to its end closes its job as failed, with the error; what was committed stays.
    """
    with connect(url) as conn, connect(url, autocommit=True) as reader, drops.held(reader, drop_id):
        drop = drops.read_drop(reader, drop_id)
        assert drop.blob_path is not None
        if drop.stage == "routed":  # another process has finished it while this one waited for its turn
            return drops.accounting_of(conn, drop_id)
        upload_jobs.begin_import(reader, drop_id, now=run.clock())
        try:
            with open_blob(blobs, drop.blob_path) as stream:
                chunks = _decide_all(reader, stream, drop, run, chunk_rows or _chunk_rows(drop))
                for share in _commit_all(conn, chunks, drop, run):
                    progress(share)
        except PermanentError as error:
            with conn.transaction():
                drops.note_failure(conn, drop_id, str(error))
                upload_jobs.close_job(conn, drop_id, now=run.clock(), error=str(error))
            raise
        with conn.transaction():
            drops.advance(conn, [drop_id], stage="routed")
            upload_jobs.close_job(conn, drop_id, now=run.clock())
            return drops.accounting_of(conn, drop_id)


def import_pending(url: str, blobs: str, day: date, run: Run) -> Accounting:
    """Import every unfinished file of a day, but those that another process is at, or whose imports keep dying.

    One that fails does not stop the others. One that cannot be read has said so on its drop and its job, and is no
    reason to hold up the day; a transient failure is raised at the end, so that the step is tried again.
    """
    with connect(url, autocommit=True) as conn:
        landed = drops.pending(conn, stage="landed", day=day, kinds=("csv",))
        given_up = upload_jobs.given_up(conn, landed)
    total = Accounting()
    failure: TransientError | None = None
    for drop_id in (one for one in landed if one not in given_up):
        try:
            total += import_csv(url, blobs, drop_id, run)
        except (PermanentError, InProgress):
            continue
        except TransientError as error:
            failure = error
    if failure is not None:
        raise failure
    return total


def _chunk_rows(drop: Drop) -> int:
    rows = drop.headers.get("rows")
    return CHUNK_ROWS if rows is None else min(CHUNK_ROWS, max(_SMALL_CHUNK, -(-rows // _STEPS)))


def read_match(stream: BinaryIO, drop: Drop) -> HeaderMatch:
    """How a landed file's header was matched when it landed."""
    columns = drop.headers["columns"]
    labels = read_header(stream, Dialect(**drop.headers["dialect"]))
    return HeaderMatch(columns, [name for name in labels if name not in columns.values()])


def validate_chunk(chunk: CsvChunk, match: HeaderMatch, drop: Drop) -> ValidatedRows:
    """A chunk of a file to what can be committed; rows that do not fit the header are quarantined as written. Pure."""
    rows = to_canonical(chunk.rows, match).assign(drop_id=np.int64(drop.drop_id), row_no=chunk.row_no)
    valid = validate_rows(rows, [drop])
    bad = refused_rows([(drop.drop_id, row.row_no, row.reason, row.text) for row in chunk.bad])
    quarantined = valid.quarantined if bad.empty else pd.concat([valid.quarantined, bad], ignore_index=True)
    return ValidatedRows(valid.leads, quarantined)


def _decide_all(
    reader: psycopg.Connection, stream: BinaryIO, drop: Drop, run: Run, chunk_rows: int
) -> Iterator[Decided]:
    dialect = Dialect(**drop.headers["dialect"])
    match = read_match(stream, drop)
    for chunk in read_chunks(stream, dialect, chunk_rows=chunk_rows, start_row=drop.next_row):
        rows = drop.headers.get("rows")  # counted in uploads; else the bytes tell how far it is
        done, whole = (stream.tell(), drop.headers["bytes"]) if rows is None else (chunk.next_row, rows)
        yield _decide(reader, chunk, match, drop, run=run, share=min(1.0, done / max(1, whole)))


def _decide(
    reader: psycopg.Connection, chunk: CsvChunk, match: HeaderMatch, drop: Drop, *, run: Run, share: float
) -> Decided:
    valid = validate_chunk(chunk, match, drop)
    return Decided(
        chunk.first_row,
        chunk.next_row,
        valid,
        score(valid.leads, run),
        assign(reader, valid.leads, run),
        share,
    )


def _commit_all(conn: psycopg.Connection, chunks: Iterator[Decided], drop: Drop, run: Run) -> Iterator[float]:
    with ThreadPoolExecutor(1) as writer:
        under_way: Future[float] | None = None
        for chunk in chunks:
            if under_way is not None:
                yield under_way.result()
            under_way = writer.submit(_commit, conn, chunk, drop, run)
        if under_way is not None:
            yield under_way.result()


def _commit(conn: psycopg.Connection, chunk: Decided, drop: Drop, run: Run) -> float:
    with conn.transaction():
        # The commit that closes the job waits for the disk and all before it; a chunk that a crash takes is read again.
        conn.execute("SET LOCAL synchronous_commit = off")
        if not drops.lock_at(conn, drop.drop_id, chunk.first_row):
            raise InProgress(
                f"another process is importing this file (drop {drop.drop_id}) and is past row {chunk.first_row}. "
                "Let it finish; nothing was imported twice."
            )
        as_read = commit_rows(conn, chunk.rows).new.index.sort_values()
        insert_scores(conn, chunk.scores.loc[as_read], fresh=True)
        insert_assignments(conn, chunk.assignments.loc[as_read], fresh=True)
        drops.advance(conn, [drop.drop_id], stage="landed", next_row=chunk.next_row)
        upload_jobs.update_job(conn, drop.drop_id, progress=chunk.share, now=run.clock())
    return chunk.share
