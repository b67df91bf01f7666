"""The baseline that a data engineer would reach for: a dlt merge of the file, by e-mail. Prints one JSON object.

dlt is given its fastest way in: Arrow batches, so that it neither walks over rows nor infers types, and COPY of CSV
as the loader's format. It validates nothing and writes one table.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
from pyarrow import csv

from benchmarks.generate import COLUMNS

_BLOCK = 8 << 20


def main() -> None:
    url, folder, file = sys.argv[1:]
    pipeline = dlt.pipeline(
        "benchmark",
        # The server is on a Unix socket and trusts it; dlt insists on a host and a password all the same.
        destination=dlt.destinations.postgres(url.replace("postgres@/", "postgres:unused@localhost/")),
        dataset_name="leads",
        pipelines_dir=folder,
    )
    leads = dlt.resource(_batches(Path(file)), name="leads", write_disposition="merge", primary_key="email")
    begin = time.perf_counter()
    pipeline.run(leads, loader_file_format="csv")
    print(json.dumps({"seconds": time.perf_counter() - begin}))


def _batches(file: Path) -> Iterator[Any]:
    options = csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, pa.string()))
    for batch in csv.open_csv(file, csv.ReadOptions(block_size=_BLOCK), convert_options=options):
        yield pa.Table.from_batches([batch])


if __name__ == "__main__":
    main()
