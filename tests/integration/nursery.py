"""A process that has imported everything and runs each job it is told in a child, to be killed after a while.

One line of JSON in: `job`, `arguments` and `kill_after` (seconds, null for never). One line out: `killed`,
`code` and the `seconds` that the child lived. It has no threads, so that forking is safe and takes milliseconds.
"""

import json
import os
import select
import signal
import sys
import time
import traceback
from datetime import date

from conftest import import_file, run_day  # this folder is the script's own


def day(url: str, sandbox: str, day: str, limit: int) -> None:
    run_day(url, sandbox, date.fromisoformat(day), run_id=f"run-{os.getpid()}", limit=limit)


def file(url: str, blobs: str, drop_id: int, chunk_rows: int) -> None:
    import_file(url, blobs, drop_id, chunk_rows=chunk_rows)


JOBS = {"day": day, "file": file}


def serve() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            _work(order)
        ended, _, _ = select.select([os.pidfd_open(child)], [], [], order["kill_after"])
        if not ended:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        told = {"killed": not ended, "code": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - began}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def _work(order: dict) -> None:
    os.dup2(2, 1)
    try:
        JOBS[order["job"]](**order["arguments"])
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    serve()
