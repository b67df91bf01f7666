"""Drops to the rows that they held, as when they were first read, up to where they were read. Writes nothing."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BufferedReader
from itertools import chain, islice
from typing import cast

import pandas as pd

from lead_pipeline.domain.csv_dialect import Dialect
from lead_pipeline.domain.csv_rows import read_chunks
from lead_pipeline.steps.decide_events import EVENT_KINDS, rows_of_events, whole_rows
from lead_pipeline.steps.import_csv import CHUNK_ROWS, read_match, validate_chunk
from lead_pipeline.steps.validate_pages import rows_of_pages
from lead_pipeline.steps.validate_rows import ValidatedRows, validate_rows
from lead_pipeline.store.blobs import open_blob
from lead_pipeline.store.replay import Recorded

_READ = ("validated", "scored", "routed")


def with_body(blobs: str, drop: Recorded) -> tuple[Recorded, bool]:
    """A drop with its body in hand (a file's stays where it is), and whether the bytes are those that arrived.

    Raises NotFound where the blob store does not hold them.
    """
    if drop.blob_path is None:
        assert drop.body is not None
        return drop, hashlib.sha256(drop.body).hexdigest() == drop.body_sha256
    with open_blob(blobs, drop.blob_path) as stream:
        if drop.kind == "csv":
            return drop, hashlib.file_digest(cast(BufferedReader, stream), "sha256").hexdigest() == drop.body_sha256
        body = stream.read()
    return replace(drop, body=body), hashlib.sha256(body).hexdigest() == drop.body_sha256


def rebuild(blobs: str, drops: Sequence[Recorded]) -> Iterator[ValidatedRows]:
    """The rows of drops whose bodies are in hand, validated, in bounded frames."""
    pages = [drop for drop in drops if drop.kind == "vendor_page" and drop.stage in _READ]
    if pages:
        yield validate_rows(rows_of_pages(pages), pages)
    events = [drop for drop in drops if drop.kind in EVENT_KINDS and drop.stage == "routed"]
    if events:
        yield validate_rows(rows_of_events(events), events)
    refused = {drop.drop_id: drop.refusal for drop in drops if drop.refusal is not None}
    if refused:
        whole = whole_rows([drop for drop in drops if drop.drop_id in refused], refused)
        yield ValidatedRows(pd.DataFrame(), whole)
    for drop in drops:
        if drop.kind == "csv":
            yield from _rows_of_file(blobs, drop)


def _rows_of_file(blobs: str, drop: Recorded) -> Iterator[ValidatedRows]:
    """The rows of a file up to the first that is not committed, which need not be the end of a chunk of ours.

    Nothing behind it is read: that may be what the import failed of.
    """
    assert drop.blob_path is not None
    dialect = Dialect(**drop.headers["dialect"])
    with open_blob(blobs, drop.blob_path) as stream:
        match = read_match(stream, drop)
        chunks = read_chunks(stream, dialect, chunk_rows=CHUNK_ROWS)
        if drop.stage != "routed":
            whole, rest = divmod(drop.next_row, CHUNK_ROWS)
            start = whole * CHUNK_ROWS
            last = islice(read_chunks(stream, dialect, chunk_rows=rest or 1, start_row=start), 1 if rest else 0)
            chunks = chain(islice(chunks, whole), last)
        for chunk in chunks:
            yield validate_chunk(chunk, match, drop)
