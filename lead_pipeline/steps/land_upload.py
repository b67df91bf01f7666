"""An uploaded file, within its workspace's plan and its share of the hour, to a landed drop; small ones imported.

What makes it a CSV file and where it is kept is `land_csv`'s; this adds what only uploads must pass.
"""

from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO

import psycopg

from lead_pipeline.domain.csv_rows import count_rows
from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.errors import PermanentError, PlanExceeded, TransientError
from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.land_csv import LandedFile, ReadableFile, Reading, Uploader, land_file, readable_file
from lead_pipeline.steps.run import Run
from lead_pipeline.store.api_keys import ApiKey
from lead_pipeline.store.connections import connect
from lead_pipeline.store.rate_limits import take_upload

ROWS_OF_PLAN = {"pro": 10_000, "free": 100}
AT_ONCE_ROWS, AT_ONCE_BYTES = 1_000, 4 << 20
"""Up to so much is imported while the caller waits."""
_LONGEST_NAME = 200


def counted_file(stream: BinaryIO, name: str, reading: Reading, plan: str) -> ReadableFile:
    """A seekable stream as a readable file whose rows are counted. `name` is what the sender calls it.

    Raises FileRefused where it cannot be imported, PlanExceeded where the plan takes fewer rows.
    """
    file = readable_file(stream, _base_name(name), reading)
    rows, most = count_rows(stream, file.dialect), ROWS_OF_PLAN[plan]
    if rows > most:
        other = f", or move to the pro plan, which takes {ROWS_OF_PLAN['pro']:,}" if plan == "free" else ""
        raise PlanExceeded(
            f"the file has {rows:,} rows, and the {plan} plan takes {most:,} in one file. Nothing of it was imported. "
            f"Split it into files of {most:,} rows{other}."
        )
    return ReadableFile(stream, file.name, file.dialect, file.labels, file.match, rows)


def land_upload(
    url: str, blobs: str, file: ReadableFile, key: ApiKey, *, source: str, per_hour: int, run: Run
) -> LandedFile:
    """Land a counted file for the key that sent it. One that is here already uses up nothing.

    Raises LimitReached, with nothing kept, where the workspace has uploaded `per_hour` files within the last hour.
    """

    def admit(conn: psycopg.Connection, workspace: str) -> None:
        take_upload(conn, workspace, per_hour=per_hour, now=run.clock())

    with connect(url, autocommit=True) as conn:
        uploader = Uploader(key.key_id, admit)
        return land_file(conn, blobs, file, key.workspace_id, run=run, source=source, uploader=uploader)


def import_small(url: str, blobs: str, file: ReadableFile, landed: LandedFile, run: Run) -> bool:
    """Import a file that is new and small. False where it is left to the sensor: too large, or it did not work out.

    What cannot be read has failed its job with the reason, and is as finished as what was imported.
    """
    size = file.stream.seek(0, 2)
    if not landed.is_new or file.rows is None or file.rows > AT_ONCE_ROWS or size > AT_ONCE_BYTES:
        return False
    try:
        import_csv(url, blobs, landed.drop_id, run, chunk_rows=AT_ONCE_ROWS)
    except PermanentError:
        return True
    except (TransientError, psycopg.OperationalError):
        return False
    return True


def _base_name(name: str) -> str:
    """The last part of a path of either kind, as text that can be stored."""
    bare = PureWindowsPath(PurePosixPath(storable_text(name)).name).name
    return bare[-_LONGEST_NAME:] or "upload.csv"
