"""The baseline that a data engineer would reach for: a dlt merge of the file, by e-mail. Prints one JSON object.

Two ways in. `csv`: dlt's own source of CSV files, as its documentation shows it. `arrow`: its fastest, Arrow batches
read by hand, so that it neither walks over rows nor infers types, and COPY of CSV as the loader's format. Either
validates nothing and writes one table.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
from dlt.sources.filesystem import filesystem, read_csv
from pyarrow import csv

from benchmarks.generate import COLUMNS

_BLOCK = 8 << 20


def main() -> None:
    url, folder, file, way = sys.argv[1:]
    pipeline = dlt.pipeline(
        "benchmark",
        # The server is on a Unix socket and trusts it; dlt insists on a host and a password all the same.
        destination=dlt.destinations.postgres(url.replace("postgres@/", "postgres:unused@localhost/")),
        dataset_name="leads",
        pipelines_dir=folder,
    )
    leads, options = _WAYS[way](Path(file))
    leads.apply_hints(write_disposition="merge", primary_key="email")
    begin = time.perf_counter()
    pipeline.run(leads.with_name("leads"), **options)
    print(json.dumps({"seconds": time.perf_counter() - begin}))


def _from_csv(file: Path) -> tuple[Any, dict[str, Any]]:
    return filesystem(bucket_url=file.parent.as_uri(), file_glob=file.name) | read_csv(), {}


def _from_arrow(file: Path) -> tuple[Any, dict[str, Any]]:
    return dlt.resource(_batches(file), name="leads"), {"loader_file_format": "csv"}


def _batches(file: Path) -> Iterator[Any]:
    options = csv.ConvertOptions(column_types=dict.fromkeys(COLUMNS, pa.string()))
    for batch in csv.open_csv(file, csv.ReadOptions(block_size=_BLOCK), convert_options=options):
        yield pa.Table.from_batches([batch])


_WAYS = {"csv": _from_csv, "arrow": _from_arrow}

if __name__ == "__main__":
    main()
