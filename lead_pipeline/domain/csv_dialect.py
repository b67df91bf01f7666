"""What kind of text file this is: encoding, byte-order mark, delimiter, newline; or why it is not one.

Holds the decision from a sample (`sniff`), the same decision checked against every byte (`dialect_of`), and the decoding of
a stream into UTF-8 blocks. Does not hold rows or cells: `csv_rows` reads those.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from lead_pipeline.errors import FileRefused

SAMPLE_BYTES = 262_144
BLOCK_BYTES = 4_194_304
DELIMITERS = (",", ";", "\t", "|")

_SAMPLE_RECORDS = 500
_SAVE_AS_CSV = "open it in a spreadsheet and save it as CSV (UTF-8)"
_UNPACK = "unpack it and import the CSV inside"
_EXPORT = "export the data as CSV"
_MAGIC = (
    (b"PK\x03\x04", "an xlsx workbook or a zip archive", f"{_SAVE_AS_CSV}, or {_UNPACK}"),
    (b"PK\x05\x06", "an empty zip archive", _EXPORT),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (xls)", _SAVE_AS_CSV),
    (b"\x1f\x8b", "gzip", _UNPACK),
    (b"\xfd7zXZ\x00", "xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a rar archive", _UNPACK),
    (b"%PDF-", "a PDF", _EXPORT),
    (b"SQLite format 3\x00", "an SQLite database", _EXPORT),
    (b"ARROW1\x00", "an Arrow file", _EXPORT),
    (b"Obj\x01", "an Avro file", _EXPORT),
    (b"\x89PNG\r\n", "a picture (png)", _EXPORT),
    (b"\xff\xd8\xff", "a picture (jpeg)", _EXPORT),
    (b"{\\rtf", "a rich-text document", _EXPORT),
)
# Letters that a header could also begin with: the byte after them has to be a control character.
_LETTERS_THEN_CONTROL = re.compile(rb"PAR1(?![^\x00-\x08\x0b\x0c\x0e-\x1f])|BZh[1-9]1AY&SY")
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|\?xml)", re.IGNORECASE)
# UTF-32's little-endian mark begins with UTF-16's, so it is asked first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SEP_LINE = re.compile(r'"?sep=([,;\t|])"?(?:\r\n|\r|\n)', re.IGNORECASE)


@dataclass(frozen=True)
class Dialect:
    """How to read one file.

    `encoding` is a Python codec name without a mark (`utf-16-le`, never `utf-16`). `skip_bytes` is the length of the
    byte-order mark and of a spreadsheet's `sep=;` line. `newline` is the first one seen; the reader takes all three.
    """

    encoding: str = "utf-8"
    delimiter: str = ","
    quotechar: str | None = '"'
    newline: str = "\n"
    skip_bytes: int = 0


class Undecodable(FileRefused):
    """The bytes are not text in the encoding that was given or found."""


def sniff(sample: bytes, *, encoding: str | None = None, delimiter: str | None = None) -> Dialect:
    """Decide the dialect from the first bytes of a file.

    A sample shorter than SAMPLE_BYTES is taken as the whole file, a longer one as cut anywhere. `encoding` and `delimiter`
    win over detection. UTF-8 is tried first, then cp1252, then latin-1, which takes any byte.

    Raises FileRefused: not text, empty, a null byte, not decodable as the given encoding, an impossible delimiter.
    """
    _refuse_known_binaries(sample)
    found, mark = _encoding_of(sample, encoding)
    text = _decode(sample[mark:], found, offset=mark)
    position = text.find("\x00")
    if position >= 0:
        raise _null_byte(mark + len(text[:position].encode(found)))
    if not text.strip("\ufeff \t\r\n"):
        raise FileRefused("empty file: there is no header and no row in it. Export it again, then import it.")
    hint = _SEP_LINE.match(text)
    if hint:
        mark += len(hint.group().encode(found))
        text = text[hint.end() :]
    chosen = delimiter or (hint.group(1) if hint else _delimiter_of(text, cut=len(sample) >= SAMPLE_BYTES))
    if len(chosen) != 1 or not chosen.isascii() or chosen in '"\r\n\x00':
        raise FileRefused(f"delimiter {chosen!r} cannot be used: give one ASCII character, such as , ; | or a tab.")
    newline = re.search(r"\r\n|\r|\n", text)
    return Dialect(found, chosen, '"', newline.group() if newline else "\n", mark)


def dialect_of(stream: BinaryIO, *, encoding: str | None = None, delimiter: str | None = None) -> Dialect:
    """Decide the dialect and prove it on every byte, so that nothing is half-imported for its encoding.

    `stream` is seekable; it is read once or twice from its start and left there. Raises FileRefused as `sniff` does, and
    for a null byte or an undecodable byte anywhere in the file.
    """
    stream.seek(0)
    dialect = sniff(stream.read(SAMPLE_BYTES), encoding=encoding, delimiter=delimiter)
    try:
        for _ in utf8_blocks(stream, dialect):
            pass
    except Undecodable:
        if encoding or dialect.skip_bytes or dialect.encoding not in {"utf-8", "cp1252"}:
            raise
        narrower = "cp1252" if dialect.encoding == "utf-8" else "latin-1"
        return dialect_of(stream, encoding=narrower, delimiter=delimiter) if narrower == "latin-1" else _single_byte(
            stream, delimiter
        )
    finally:
        stream.seek(0)
    return dialect
