"""A CSV file to a landed drop with its job: proved readable first, then kept whole. Imports no row."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lead_pipeline.domain.csv_dialect import dialect_of
from lead_pipeline.domain.csv_rows import read_header
from lead_pipeline.domain.headers import HeaderMatch, match_headers
from lead_pipeline.errors import FileRefused
from lead_pipeline.steps.run import Run
from lead_pipeline.store.blobs import keep_file, open_blob
from lead_pipeline.store.connections import connect
from lead_pipeline.store.drops import Landing, land
from lead_pipeline.store.upload_jobs import open_job
from lead_pipeline.store.workspaces import workspace_id


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


def land_csv(url: str, blobs: str, path: Path, workspace: str, *, reading: Reading, run: Run) -> LandedFile:
    """Land a file in a workspace (slug or id). Raises FileRefused, with nothing kept, where it cannot be imported."""
    if not path.is_file():
        raise FileRefused(f"{path} is not a file. Name a CSV file.")
    if not os.access(path, os.R_OK):
        raise FileRefused(f"{path} may not be read by this user. Change its permissions, then import it.")
    with connect(url) as conn:
        owner = workspace_id(conn, workspace)
        with path.open("rb") as stream:
            dialect = dialect_of(stream, encoding=reading.encoding, delimiter=reading.delimiter)
            match = match_headers(read_header(stream, dialect), reading.columns or {})
        digest, blob = keep_file(blobs, path)
        with open_blob(blobs, blob) as kept:
            size = kept.seek(0, 2)
        how = {"dialect": asdict(dialect), "columns": match.mapping}
        identity = hashlib.sha256(json.dumps([owner, digest, how], sort_keys=True).encode()).hexdigest()
        now = run.clock()
        drop_id, is_new = land(
            conn,
            Landing(
                source="csv",
                kind="csv",
                external_id=identity,
                workspace_id=owner,
                day=now.date(),
                received_at=now,
                body_sha256=digest,
                blob_path=blob,
                headers={**how, "file_name": path.name, "bytes": size, "run_id": run.run_id},
            ),
        )
        if is_new:
            open_job(conn, drop_id=drop_id, workspace_id=owner, source="csv", now=now)
        return LandedFile(drop_id, is_new, match)
