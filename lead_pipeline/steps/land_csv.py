"""A CSV file to a landed drop with its job: proved readable first, then kept whole. Imports no row.

A file on disk and an uploaded stream take the same way; what only uploads must pass is handed in.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import psycopg

from lead_pipeline.domain.csv_dialect import Dialect, dialect_of
from lead_pipeline.domain.csv_rows import read_header
from lead_pipeline.domain.headers import HeaderMatch, match_headers
from lead_pipeline.errors import FileRefused
from lead_pipeline.steps.run import Run
from lead_pipeline.store.blobs import staged_blob
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.upload_jobs import open_job, restore_job
from lead_pipeline.store.workspaces import workspace_id

Admit = Callable[[psycopg.Connection, str], None]
"""Asked with the workspace's id, in the transaction that lands, once the file is known to be new; raises to refuse."""


@dataclass(frozen=True)
class LandedFile:
    """`is_new` is False where the same file was landed before, read the same way, in the same workspace."""

    drop_id: int
    is_new: bool
    match: HeaderMatch


@dataclass(frozen=True)
class Reading:
    """How the user wants the file read; None leaves it to detection. `columns`: canonical column to the file's."""

    encoding: str | None = None
    delimiter: str | None = None
    columns: Mapping[str, str] | None = None


@dataclass(frozen=True)
class ReadableFile:
    """A stream that is proved to be a CSV file with usable columns. `rows`: how many, where they were counted."""

    stream: BinaryIO
    name: str
    dialect: Dialect
    labels: list[str]
    match: HeaderMatch
    rows: int | None = None


@dataclass(frozen=True)
class Uploader:
    """Who sends a file over the API, and what a new one must pass."""

    key_id: str
    admit: Admit


def land_csv(url: str, blobs: str, path: Path, workspace: str, *, reading: Reading, run: Run) -> LandedFile:
    """Land a file in a workspace (slug or id). Raises FileRefused, with nothing kept, where it cannot be imported."""
    if not path.is_file():
        raise FileRefused(f"{path} is not a file. Name a CSV file.")
    if not os.access(path, os.R_OK):
        raise FileRefused(f"{path} may not be read by this user. Change its permissions, then import it.")
    with connect(url) as conn, path.open("rb") as stream:
        owner = workspace_id(conn, workspace)
        return land_file(conn, blobs, readable_file(stream, path.name, reading), owner, run=run)


def readable_file(stream: BinaryIO, name: str, reading: Reading) -> ReadableFile:
    """Decide how a seekable stream is read, from its first byte to its last. Raises FileRefused."""
    dialect = dialect_of(stream, encoding=reading.encoding, delimiter=reading.delimiter)
    labels = read_header(stream, dialect)
    return ReadableFile(stream, name, dialect, labels, match_headers(labels, reading.columns or {}))


def land_file(
    conn: psycopg.Connection,
    blobs: str,
    file: ReadableFile,
    workspace: str,
    *,
    run: Run,
    source: str = "csv",
    uploader: Uploader | None = None,
) -> LandedFile:
    """Keep a readable file and open its job in a workspace (id), in one transaction. `source` is the job's."""
    now = run.clock()
    how = {"dialect": asdict(file.dialect), "columns": file.match.mapping}
    counted = {} if file.rows is None else {"rows": file.rows}
    file.stream.seek(0)
    with staged_blob(blobs, file.stream) as blob, conn.transaction():
        drop_id, is_new = land(
            conn,
            Landing(
                source="csv",
                kind="csv",
                external_id=hashlib.sha256(
                    json.dumps([workspace, blob.name, how], sort_keys=True).encode()
                ).hexdigest(),
                workspace_id=workspace,
                day=now.date(),
                received_at=now,
                body_sha256=blob.name,
                blob_path=blob.name,
                headers={
                    **how,
                    **counted,
                    "labels": file.labels,
                    "file_name": file.name,
                    "bytes": blob.size,
                    "run_id": run.run_id,
                },
            ),
        )
        if is_new:
            if uploader is not None:
                uploader.admit(conn, workspace)
            key_id = None if uploader is None else uploader.key_id
            open_job(conn, drop_id=drop_id, workspace_id=workspace, source=source, now=now, key_id=key_id)
            blob.keep()
        else:
            restore_job(conn, drop_id=drop_id, source=source, now=now)
    return LandedFile(drop_id, is_new, file.match)
