"""The process whose time and memory are measured: land a file and import it. Prints one JSON object."""

import json
import resource
import sys
import time
from pathlib import Path

from benchmarks.bench import WORKSPACE
from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.run import Run


def timed_import(url: str, blobs: str, file: Path) -> tuple[float, int]:
    """Seconds from the file on disk to the last commit, and the leads that were new."""
    run, begin = Run("benchmark-00000000-0000-0000-0000-000000000000"), time.perf_counter()
    landed = land_csv(url, blobs, file, WORKSPACE, reading=Reading(), run=run)
    accounting = import_csv(url, blobs, landed.drop_id, run)
    return time.perf_counter() - begin, accounting.accepted


def main() -> None:
    url, blobs, file = sys.argv[1:]
    seconds, accepted = timed_import(url, blobs, Path(file))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts in KiB
    print(json.dumps({"seconds": seconds, "rows": accepted, "peak_mib": peak}))


if __name__ == "__main__":
    main()
