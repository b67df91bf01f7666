"""What kind of text file this is: encoding, byte-order mark, delimiter, newline; or why it is not one.

Holds the decision from a sample (`sniff`), the same decision checked against every byte (`dialect_of`), and
the decoding of a stream into UTF-8 blocks. Does not hold rows or cells: `csv_rows` reads those.
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
BLOCK_BYTES = 524_288
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
_LETTERS_THEN_CONTROL = re.compile(rb"PAR1(?:[\x00-\x08\x0b\x0c\x0e-\x1f]|\Z)|BZh[1-9]1AY&SY")
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

    `encoding` is a Python codec name without a mark (`utf-16-le`, never `utf-16`). `skip_bytes` is the length
    of the byte-order mark and of a spreadsheet's `sep=;` line. `newline` is the first one seen; the reader
    takes all three.
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

    A sample shorter than SAMPLE_BYTES is taken as the whole file, a longer one as cut anywhere. `encoding`
    and `delimiter` win over detection. UTF-8 is tried first, then cp1252, then latin-1, which takes any byte.

    Raises FileRefused: not text, empty, a null byte, not decodable as the given encoding, an impossible
    delimiter.
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

    `stream` is seekable; it is read once or twice from its start and left there. Raises FileRefused as
    `sniff` does, and for a null byte or an undecodable byte anywhere in the file.
    """
    attempts = (encoding,) if encoding else (None, "cp1252", "latin-1")
    for attempt in attempts:
        stream.seek(0)
        try:
            dialect = sniff(_read_full(stream, SAMPLE_BYTES), encoding=attempt, delimiter=delimiter)
            stream.seek(0)
            for _ in utf8_blocks(stream, dialect):
                pass
        except Undecodable:
            if attempt == attempts[-1] or _mark_of(stream):
                raise
        else:
            break
    stream.seek(0)
    return dialect


def utf8_blocks(stream: BinaryIO, dialect: Dialect, *, block_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Yield the stream as UTF-8, cut between characters, without the bytes that the dialect skips.

    `stream` stands at the first byte of the file. Raises Undecodable or FileRefused, naming the byte, for a
    byte that is not text in the dialect's encoding and for a null byte.
    """
    _read_full(stream, dialect.skip_bytes)
    decoder = codecs.getincrementaldecoder(dialect.encoding)()
    offset, carry, ended = dialect.skip_bytes, b"", False
    while not ended:
        raw = _read_full(stream, block_bytes)
        ended = len(raw) < block_bytes
        start = offset - len(carry)
        try:
            text = decoder.decode(raw, ended)
            block = carry + raw if dialect.encoding == "utf-8" else text.encode()
        except UnicodeError as error:
            raise _undecodable(error, dialect.encoding, start) from error
        if b"\x00" in block:
            raise _null_byte(start + len(text[: text.index("\x00")].encode(dialect.encoding)))
        carry = decoder.getstate()[0]
        offset += len(raw)
        if dialect.encoding == "utf-8" and carry:
            block = block[: -len(carry)]
        yield block


def _refuse_known_binaries(sample: bytes) -> None:
    for magic, what, remedy in _MAGIC:
        if sample.startswith(magic):
            raise FileRefused(f"not a CSV file: this is {what}. Instead, {remedy}.")
    if _LETTERS_THEN_CONTROL.match(sample):
        raise FileRefused(f"not a CSV file: this is parquet or bzip2. Instead, unpack it or {_EXPORT}.")
    if _MARKUP.match(sample.removeprefix(codecs.BOM_UTF8)):
        raise FileRefused(f"not a CSV file: this is a web page or XML. Instead, {_EXPORT}.")


def _encoding_of(sample: bytes, given: str | None) -> tuple[str, int]:
    """The codec's name and the length of the mark to skip."""
    mark, marked = next(((m, name) for m, name in _MARKS if sample.startswith(m)), (b"", ""))
    if given is None:
        return (marked, len(mark)) if marked else (_unmarked_encoding(sample), 0)
    try:
        name = codecs.lookup(given).name
        b"".decode(name)
    except (LookupError, UnicodeError) as error:
        raise FileRefused(f"encoding {given!r} is not known: give one such as utf-8, cp1252 or utf-16.") from error
    name = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le", "iso8859-1": "latin-1"}.get(name, name)
    if marked and codecs.lookup(given).name in {
        marked,
        marked.removesuffix("-le").removesuffix("-be"),
        "utf-8-sig",
    }:
        return marked, len(mark)
    return name, 0


def _unmarked_encoding(sample: bytes) -> str:
    wide = _wide_encoding(sample)
    if wide:
        return wide
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        text = decoder.decode(sample)
    except UnicodeDecodeError:
        pass
    else:
        # A short ASCII sample that ends in half a character is a whole single-byte file, not a cut UTF-8 one.
        unfinished = bool(decoder.getstate()[0])
        if not (unfinished and len(sample) < SAMPLE_BYTES and text.isascii()):
            return "utf-8"
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _wide_encoding(sample: bytes) -> str | None:
    """UTF-16 without a mark: half or more of one side of the byte pairs is null, none of the other side."""
    pairs = len(sample) // 2
    first, second = sample[0::2].count(0), sample[1::2].count(0)
    if pairs >= 2 and max(first, second) * 2 >= pairs and min(first, second) == 0:
        return "utf-16-le" if second else "utf-16-be"
    return None


def _decode(data: bytes, encoding: str, *, offset: int) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeError as error:
        raise _undecodable(error, encoding, offset) from error


def _delimiter_of(text: str, *, cut: bool) -> str:
    """The delimiter whose rows agree most often with the first; then more fields; then the listed order."""
    best, best_score = ",", (0.0, 0)
    for candidate in DELIMITERS:
        counts = _field_counts(text, candidate)
        if cut and len(counts) > 1:
            counts.pop()
        if counts and counts[0] > 1:
            score = (counts.count(counts[0]) / len(counts), counts[0])
            if score > best_score:
                best, best_score = candidate, score
    return best


def _field_counts(text: str, delimiter: str) -> list[int]:
    counts: list[int] = []
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        counts.extend(len(record) for record in islice(records, _SAMPLE_RECORDS) if record)
    except csv.Error:  # a cell above the csv module's limit: judge by the rows before it
        return counts
    return counts


def _mark_of(stream: BinaryIO) -> bool:
    stream.seek(0)
    return _read_full(stream, 4).startswith(tuple(mark for mark, _ in _MARKS))


def _read_full(stream: BinaryIO, size: int) -> bytes:
    """Up to `size` bytes; fewer only at the end, also where the stream answers in small pieces."""
    pieces: list[bytes] = []
    while size > 0 and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _null_byte(position: int) -> FileRefused:
    return FileRefused(
        f"not a CSV file: null byte at byte {position}. If it is UTF-16, give --encoding utf-16; "
        "otherwise export it again as CSV."
    )


def _undecodable(error: UnicodeError, encoding: str, start: int) -> Undecodable:
    position = start + error.start if isinstance(error, UnicodeDecodeError) else start
    return Undecodable(
        f"byte {position} is not {encoding} text. Save the file as UTF-8, or name its encoding, "
        "for example --encoding cp1252."
    )
