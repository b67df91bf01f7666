"""Quality flags of leads as the literal of a Postgres text array: `{fake_email:999999,invalid_phone}`.

Holds the order and the spelling; when a flag is raised is decided elsewhere.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from lead_pipeline.domain.arrow import ARROW_TEXT, to_series

NO_FLAGS = "{}"


def flag_literals(raised: Mapping[str, Any], index: pd.Index) -> pd.Series:
    """One array literal a row, flags in the mapping's order. Each flag comes with the rows that raise it.

    At most 62 flags, each a plain word (letters, digits, `_`, `:`), so that nothing has to be quoted.
    """
    bits = np.zeros(len(index), dtype=np.int64)
    for place, rows in enumerate(raised.values()):
        bits |= np.asarray(rows, dtype=bool).astype(np.int64) << place
    combinations, which = np.unique(bits, return_inverse=True)
    names = list(raised)
    literals = [
        "{" + ",".join(name for place, name in enumerate(names) if combination >> place & 1) + "}"
        for combination in combinations.tolist()
    ]
    return to_series(pa.array(literals, ARROW_TEXT).take(pa.array(which)), index)
