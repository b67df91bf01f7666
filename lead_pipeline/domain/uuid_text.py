"""128-bit numbers as UUID text, a column at a time. What the bits mean is the caller's business."""

from typing import Any

import numpy as np
import pyarrow as pa

_LENGTH = 36
_DASHES = (8, 13, 18, 23)
_HEX = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), dtype=np.uint16)
_DIGITS = [place for place in range(_LENGTH) if place not in _DASHES]


def uuid_text(octets: "np.ndarray[Any, np.dtype[np.uint8]]") -> Any:
    """The canonical text of each row of an (n, 16) array of octets, as an Arrow text array."""
    digits = _HEX[octets].view(np.uint8).reshape(len(octets), 2 * octets.shape[1])
    text = np.full((len(octets), _LENGTH), ord("-"), dtype=np.uint8)
    text[:, _DIGITS] = digits
    ends = np.arange(len(octets) + 1, dtype=np.int64) * _LENGTH
    return pa.LargeStringArray.from_buffers(len(octets), pa.py_buffer(ends), pa.py_buffer(text))
