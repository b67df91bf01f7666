"""Sets of a campaign's members as whole numbers: bit i is the member at i in the set's order.

Holds their conversions, and a memory of what is worked out per set. Does not know what a member is.
"""

import numpy as np
import numpy.typing as npt

Booleans = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


def lowest(members: int) -> int:
    """The first member of a set that is not empty."""
    return (members & -members).bit_length() - 1


def listed(members: int) -> list[int]:
    """The members of a set, ascending."""
    found = []
    while members:
        first = lowest(members)
        found.append(first)
        members &= members - 1
    return found


def as_booleans(members: int, count: int) -> Booleans:
    """One value a member, of `count`."""
    packed = np.frombuffer(members.to_bytes(count // 8 + 1, "little"), np.uint8)
    return np.unpackbits(packed, count=count, bitorder="little").astype(np.bool_)
