"""A process of its own that asks the sandbox's Clay: `python vendor_children.py URL SANDBOX CALLS THREADS RATE BURST`.

It waits for a line on standard input once everything is imported, then calls, with one attempt a call. One line of
JSON out: by outcome the number of calls, and when each of them ended (seconds of the machine's monotonic clock).
"""

import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from lead_pipeline.errors import LeadPipelineError
from lead_pipeline.orchestration.vendor_health import vendor_health
from lead_pipeline.vendors.accounts import Account
from lead_pipeline.vendors.clay import Clay
from lead_pipeline.vendors.transport import Patience, Timeouts, Transport


def ask(url: str, sandbox: str, calls: int, threads: int, rate: float, burst: int) -> tuple[Counter[str], list[float]]:
    account = Account("clay", "Clay", "CLAY_API_KEY", rate, burst)
    outcomes: Counter[str] = Counter()
    ended: list[float] = []
    with (
        vendor_health(url) as health,
        ThreadPoolExecutor(threads) as pool,
        Transport(
            "Clay",
            credential="CLAY_API_KEY",
            bucket=health.pace(account),
            circuit=health.circuit(account, timeout=1),
            observe=health.counts.of("clay"),
            timeouts=Timeouts(read=5),
            patience=Patience(attempts=1),
            concurrency=threads,
        ) as transport,
    ):
        clay = Clay(transport, f"{sandbox}/clay/v1", "sandbox")

        def call(number: int) -> str:
            try:
                clay.verify_email(f"n{number}@acme.example.com")
            except LeadPipelineError as error:
                return type(error).__name__
            finally:
                ended.append(time.monotonic())
            return "ok"

        outcomes.update(pool.map(call, range(calls)))
    return outcomes, ended


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    url, sandbox, calls, threads, rate, burst = sys.argv[1:]
    outcomes, ended = ask(url, sandbox, int(calls), int(threads), float(rate), int(burst))
    sys.stdout.write(json.dumps({"outcomes": outcomes, "ended": ended}) + "\n")
