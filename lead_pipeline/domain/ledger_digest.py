"""The digest that seals a day of the ledger, and the marks that tell which of its entries was altered.

Works on the ledger's canonical lines, one per entry with its postings; where they come from is not known here. Lines
are read once and none is kept.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from datetime import date

GENESIS = bytes(32)
"""What the first seal is chained to."""
_MARK = struct.Struct(">qI")

Line = tuple[int, bytes]
"""An entry's id, and the canonical bytes of it and its postings."""


class DayDigest:
    """SHA-256 over the seal before it, the day, and the lines in the order of their ids.

    A line is preceded by its length, so that no two sequences of lines have the same bytes.
    """

    def __init__(self, previous: bytes, day: date) -> None:
        self._sha = hashlib.sha256(previous + day.isoformat().encode())
        self.entries = 0

    def add(self, lines: Iterable[Line]) -> None:
        """Count further lines, their ids rising."""
        for _, line in lines:
            self._sha.update(len(line).to_bytes(4, "big"))
            self._sha.update(line)
            self.entries += 1

    def digest(self) -> bytes:
        """32 bytes."""
        return self._sha.digest()


def marks_of(lines: Iterable[Line]) -> bytes:
    """Of each line its id in 8 bytes and its CRC-32 in 4, big-endian."""
    return b"".join(_MARK.pack(entry_id, zlib.crc32(line)) for entry_id, line in lines)


def differences(kept: Iterable[tuple[int, int]], lines: Iterable[Line]) -> Iterator[tuple[int, str]]:
    """Entry id and what is wrong with it, for each line that is not as its mark says; both with rising ids."""
    marks, found = iter(kept), iter(lines)
    mark, line = next(marks, None), next(found, None)
    while mark is not None or line is not None:
        if line is None or (mark is not None and mark[0] < line[0]):
            assert mark is not None
            yield mark[0], "was removed"
            mark = next(marks, None)
        elif mark is None or line[0] < mark[0]:
            yield line[0], "was added after the day was sealed"
            line = next(found, None)
        else:
            if mark[1] != zlib.crc32(line[1]):
                yield line[0], "was altered"
            mark, line = next(marks, None), next(found, None)


def read_marks(blocks: Iterable[bytes]) -> Iterator[tuple[int, int]]:
    """Entry id and CRC of each mark."""
    for block in blocks:
        yield from _MARK.iter_unpack(block)
