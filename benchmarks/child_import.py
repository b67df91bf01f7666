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
    print(json.dumps({"seconds": seconds, "rows": accepted, "peak_mib": _peak_kib() / 1024}))


def _peak_kib() -> int:
    """This program's own peak: on Linux ru_maxrss begins at what its parent held when it started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0])


if __name__ == "__main__":
    main()
