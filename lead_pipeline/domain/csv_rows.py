"""The rows of a CSV file as text, in chunks of a fixed number of rows, with every row accounted for.

Holds the header and the streaming read. Does not decide the dialect (`csv_dialect`) nor what a column means
(`headers`). pyarrow parses; it agrees with Python's csv module on the cells, and the tests hold it to that.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from lead_pipeline.domain.csv_dialect import BLOCK_BYTES, Dialect, utf8_blocks
from lead_pipeline.errors import FileRefused

# Closes a quote that is still open, and has more fields than any row of the file: so it is always handed to
# the handler for bad rows, alone or glued to the row whose quote was never closed. Null bytes were refused
# before.
_END_MARK = '\n\x00"'
MOST_BAD_ROWS = 100_000


@dataclass(frozen=True)
class BadRow:
    """A row that does not fit the header. `row_no` counts data rows from 0; `text` is the row as written."""

    row_no: int
    reason: str
    text: str


@dataclass(frozen=True, eq=False)
class CsvChunk:
    """Rows `first_row` up to, not including, `next_row`: each is in `rows` or in `bad`.

    `rows` has one `str` column per header label, `''` for an empty cell, never NaN; `row_no` (int64,
    ascending) has one number per row of `rows`. Wholly blank lines are no rows.
    """

    first_row: int
    rows: pd.DataFrame
    row_no: np.ndarray
    bad: list[BadRow]
    next_row: int


def read_header(stream: BinaryIO, dialect: Dialect) -> list[str]:
    """The labels of the first row: outer spaces removed, empty ones `column_3`, repeated ones `Email_2`.

    A seekable stream is rewound first; any other stands at the first byte. Raises FileRefused: no usable
    header, empty.
    """
    return _split_header(_blocks(stream, dialect), dialect)[0]


def read_chunks(
    stream: BinaryIO, dialect: Dialect, *, chunk_rows: int, start_row: int = 0, block_bytes: int = BLOCK_BYTES
) -> Iterator[CsvChunk]:
    """Yield the rows from `start_row` on, `chunk_rows` (good and bad together) a chunk, the last one shorter.

    A seekable stream is rewound first; any other stands at the first byte. The chunks depend on the file,
    `chunk_rows` and `start_row` alone. Memory: one chunk and a few blocks of `block_bytes`, which is also the
    longest row taken.

    Raises FileRefused: no usable header, a null or undecodable byte (named by position), a row longer than a
    block.
    """
    if chunk_rows < 1 or start_row < 0:
        raise ValueError("chunk_rows starts at 1 and start_row at 0")
    blocks = _blocks(stream, dialect, block_bytes)
    labels, rest = _split_header(blocks, dialect)
    parsed = _Parsed(labels, start_row)
    for batch in _batches(_Body(rest, blocks), labels, dialect, parsed, block_bytes):
        parsed.add(batch)
        parsed.settle()
        while parsed.frontier >= parsed.first + chunk_rows:
            yield parsed.take(parsed.first + chunk_rows)
    parsed.settle()
    while parsed.frontier > parsed.first:
        yield parsed.take(min(parsed.first + chunk_rows, parsed.frontier))


def count_rows(stream: BinaryIO, dialect: Dialect, *, block_bytes: int = BLOCK_BYTES) -> int:
    """How many rows, good and bad, `read_chunks` yields of the whole stream. Memory: a few blocks.

    Raises as `read_chunks` does, and FileRefused where more than MOST_BAD_ROWS do not fit the header.
    """
    blocks = _blocks(stream, dialect, block_bytes)
    labels, rest = _split_header(blocks, dialect)
    counted = _Counted(labels)
    for batch in _batches(_Body(rest, counted.watched(blocks)), labels, dialect, counted, block_bytes):
        counted.frontier += batch.num_rows
    return counted.total()


class _Parsed:
    """Rows parsed and not yielded: `first` is the first of them, `frontier` the first row not parsed."""

    def __init__(self, labels: list[str], first: int) -> None:
        self.first, self.frontier = first, 0
        self._schema = pa.schema([(label, pa.large_string()) for label in labels])
        self._good: deque[tuple[np.ndarray, pa.RecordBatch]] = deque()
        self._bad: deque[BadRow] = deque()
        self._ahead: deque[BadRow] = deque()  # bad rows whose place among the good ones is not known yet

    def refuse(self, row: pa_csv.InvalidRow) -> str:
        """pyarrow's handler: rows are numbered from 1, good and bad alike; blank lines are not counted."""
        text, end_mark, _ = row.text.partition("\x00")
        reason = f"expected {row.expected_columns} fields, found {row.actual_columns}"
        if end_mark:
            reason = "a quote opened in this row is never closed"
            text = text.removesuffix("\n")
        if text or not end_mark:
            self._ahead.append(BadRow(row.number - 1, reason, text))
        return "skip"

    def add(self, batch: pa.RecordBatch) -> None:
        """Number the good rows: they fill the places that the bad rows leave."""
        gaps = np.array([bad.row_no for bad in self._ahead], dtype=np.int64) - self.frontier
        place = np.arange(batch.num_rows, dtype=np.int64)
        row_no = self.frontier + place + np.searchsorted(gaps - np.arange(len(gaps)), place, side="right")
        if len(row_no):
            self.frontier = int(row_no[-1]) + 1
        skipped = int(np.searchsorted(row_no, self.first))
        if skipped < len(row_no):
            self._good.append((row_no[skipped:], batch.slice(skipped)))

    def settle(self) -> None:
        """Pass the bad rows that follow on what is parsed: their place is known."""
        while self._ahead and self._ahead[0].row_no <= self.frontier:
            bad = self._ahead.popleft()
            self.frontier = max(self.frontier, bad.row_no + 1)
            if bad.row_no >= self.first:
                self._bad.append(bad)

    def take(self, end: int) -> CsvChunk:
        """The rows from `first` up to, not including, `end`, which become yielded."""
        numbers, batches = [np.empty(0, dtype=np.int64)], []
        while self._good and self._good[0][0][0] < end:
            row_no, batch = self._good.popleft()
            cut = int(np.searchsorted(row_no, end))
            numbers.append(row_no[:cut])
            batches.append(batch.slice(0, cut))
            if cut < len(row_no):
                self._good.appendleft((row_no[cut:], batch.slice(cut)))
        bad: list[BadRow] = []
        while self._bad and self._bad[0].row_no < end:
            bad.append(self._bad.popleft())
        rows = pa.Table.from_batches(batches, schema=self._schema).to_pandas()
        chunk = CsvChunk(self.first, rows, np.concatenate(numbers), bad, end)
        self.first = end
        return chunk


class _Counted(_Parsed):
    """Rows counted and not kept: `frontier` counts the good ones."""

    def __init__(self, labels: list[str]) -> None:
        super().__init__(labels, 0)
        self.bad = 0

    def refuse(self, row: pa_csv.InvalidRow) -> str:
        text, end_mark, _ = row.text.partition("\x00")
        self.bad += not end_mark or text not in ("", "\n")
        return "skip"

    def watched(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """The blocks, as long as not so many rows are bad that the header cannot be theirs: each costs time."""
        for block in blocks:
            self.total()
            yield block

    def total(self) -> int:
        if self.bad > MOST_BAD_ROWS:
            raise FileRefused(f"more than {MOST_BAD_ROWS} rows have not as many fields as the first row. Correct that.")
        return self.frontier + self.bad


class _Body:
    """The UTF-8 bytes after the header, then the end mark, as the file object that pyarrow reads."""

    closed = False

    def __init__(self, rest: bytes, blocks: Iterator[bytes]) -> None:
        # The newline in front is a blank line: it keeps pyarrow from taking a first cell's U+FEFF for a mark.
        self._left, self._blocks = b"\n" + rest, blocks

    def append(self, mark: bytes) -> None:
        """Add `mark` after the last byte of the file."""
        self._blocks = chain(self._blocks, (mark,))

    def read(self, size: int) -> bytes:
        """The next block: `size` bytes, or one less, and fewer only at the end.

        A block never ends between `\\r` and `\\n`: pyarrow drops that `\\n` even inside quotes
        (apache/arrow#51368).
        """
        while len(self._left) <= size and (block := next(self._blocks, None)) is not None:
            self._left += block
        if self._left[size - 1 : size + 1] == b"\r\n":
            size -= 1
        answer, self._left = self._left[:size], self._left[size:]
        return answer

    def close(self) -> None:
        """The stream belongs to the caller."""


def _batches(
    body: _Body, labels: list[str], dialect: Dialect, parsed: _Parsed, block_bytes: int
) -> Iterator[pa.RecordBatch]:
    body.append((_END_MARK + dialect.delimiter * len(labels) + "\n").encode())
    # On a thread of its own: pyarrow loses an interrupt that is raised while it calls the handler for bad rows.
    with ThreadPoolExecutor(1, "csv") as apart:
        try:
            reader = apart.submit(
                pa_csv.open_csv,
                body,
                pa_csv.ReadOptions(use_threads=False, block_size=block_bytes, column_names=labels),
                pa_csv.ParseOptions(
                    delimiter=dialect.delimiter,
                    quote_char=dialect.quotechar or False,
                    newlines_in_values=dialect.quotechar is not None,
                    invalid_row_handler=parsed.refuse,
                ),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(labels, pa.large_string()), strings_can_be_null=False, check_utf8=False
                ),
            ).result()
            while (batch := apart.submit(next, reader, None).result()) is not None:
                yield batch
        except pa.ArrowInvalid as error:
            raise FileRefused(
                f"a row from row {parsed.frontier} on is longer than {block_bytes} bytes: probably a quote is "
                "opened there and never closed. Close it, or export the file again."
            ) from error


def _blocks(stream: BinaryIO, dialect: Dialect, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    if stream.seekable():
        stream.seek(0)
    return utf8_blocks(stream, dialect, block_bytes=block_bytes)


def _split_header(blocks: Iterator[bytes], dialect: Dialect) -> tuple[list[str], bytes]:
    """The labels, and the bytes of the blocks taken that come after the header."""
    text, ended = "", False
    while not ended:
        block = next(blocks, None)
        ended = block is None
        text += "\n\x00" if block is None else block.decode()
        record, end = _first_record(text, dialect)
        if record and (end < len(text) or ended):
            if "\x00" in record[-1]:
                break
            return _labels(record), text[end:].removesuffix("\x00").encode()
        if len(text) > BLOCK_BYTES:
            break
    if not text.strip("\x00\ufeff \t\r\n"):
        raise FileRefused("empty file: there is no header and no row in it. Export it again, then import it.")
    raise FileRefused("no usable header: a quote opened in the first row is never closed. Close it, then import again.")


def _first_record(text: str, dialect: Dialect) -> tuple[list[str], int]:
    """The first record that is not a blank line, and the number of characters up to its end."""
    source = io.StringIO(text, newline="")
    # readline, because an iterator over the file would read ahead and leave `tell` without meaning
    reader = csv.reader(
        iter(source.readline, ""),
        delimiter=dialect.delimiter,
        quotechar=dialect.quotechar,
        quoting=csv.QUOTE_MINIMAL if dialect.quotechar else csv.QUOTE_NONE,
    )
    try:
        record = next((record for record in reader if record), [])
    except csv.Error as error:
        raise FileRefused(f"no usable header: {error} in the first row. Check the delimiter and the quotes.") from error
    return record, source.tell()


def _labels(record: list[str]) -> list[str]:
    if not any(label.strip() for label in record):
        raise FileRefused("no usable header: every cell of the first row is empty. Put the column names there.")
    labels: list[str] = []
    for number, cell in enumerate(record, start=1):
        label = name = cell.strip() or f"column_{number}"
        repeat = 1
        while label in labels:
            repeat += 1
            label = f"{name}_{repeat}"
        labels.append(label)
    return labels
