"""A process that has imported everything and runs each job it is told in a child that dies on the way.

One line of JSON in: `job`, `arguments`, and when to die by SIGKILL: `kill_after` (seconds) or `kill_at` (the number
of a point, from 1), null for never. A point is reached when something has just become lasting: a commit, or a call
that was answered. One line out: `killed`, `code`, the `seconds` that the child lived, the `points` that it reached.
There are no threads here, so that forking is safe and takes milliseconds.
"""

import itertools
import json
import mmap
import os
import select
import signal
import struct
import sys
import time
import traceback
from datetime import date
from typing import Any

import httpx
import psycopg
from psycopg.pq import TransactionStatus

from lead_pipeline.tls import trusted
from tests.integration.conftest import enrich_day, import_file, run_day
from tests.integration.crm_days import enrich_crm_day
from tests.integration.sending import send


def day(url: str, sandbox: str, day: str, limit: int) -> None:
    run_day(url, sandbox, date.fromisoformat(day), run_id=f"run-{os.getpid()}", limit=limit)


def file(url: str, blobs: str, drop_id: int, chunk_rows: int) -> None:
    import_file(url, blobs, drop_id, chunk_rows=chunk_rows)


def enrich(url: str, sandbox: str, day: str, **how: Any) -> None:
    enrich_day(url, sandbox, date.fromisoformat(day), run_id=f"run-{os.getpid()}", **how)


def parties(url: str, sandbox: str, var: str, day: str) -> None:
    enrich_crm_day(url, sandbox, var, day, run_id=f"run-{os.getpid()}", concurrency=1)


def deliver(url: str, sandbox: str, var: str) -> None:
    send(url, sandbox, var, run_id=f"run-{os.getpid()}", widest=1)


JOBS = {"day": day, "file": file, "enrich": enrich, "parties": parties, "deliver": deliver}


def serve() -> None:
    trusted()  # read once, for every child
    points = mmap.mmap(-1, 8)  # shared with the children, who cannot answer once they are dead
    for line in sys.stdin:
        order = json.loads(line)
        struct.pack_into("q", points, 0, 0)
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            _work(order, points)
        ended, _, _ = select.select([os.pidfd_open(child)], [], [], order["kill_after"])
        if not ended:
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told = {
            "killed": code == -signal.SIGKILL,
            "code": code,
            "seconds": time.monotonic() - began,
            "points": struct.unpack_from("q", points)[0],
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


def _work(order: dict[str, Any], points: mmap.mmap) -> None:
    os.dup2(2, 1)
    try:
        _count_points(points, order["kill_at"])
        JOBS[order["job"]](**order["arguments"])
        os._exit(0)
    finally:  # whatever it was: a child never goes back to reading orders
        traceback.print_exc()
        os._exit(1)


def _count_points(points: mmap.mmap, last: int | None) -> None:
    numbers = itertools.count(1)
    wait, send = psycopg.Connection.wait, httpx.Client.send

    def reach() -> None:
        number = next(numbers)
        struct.pack_into("q", points, 0, number)
        if number == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def waited(conn: Any, *arguments: Any, **more: Any) -> Any:
        result = wait(conn, *arguments, **more)
        if conn.info.transaction_status == TransactionStatus.IDLE:
            reach()
        return result

    def sent(client: Any, *arguments: Any, **more: Any) -> Any:
        answer = send(client, *arguments, **more)
        reach()
        return answer

    psycopg.Connection.wait = waited
    httpx.Client.send = sent


if __name__ == "__main__":
    serve()
