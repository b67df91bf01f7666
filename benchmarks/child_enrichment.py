"""The process whose pace and memory are measured: the leads of a day enriched. Prints one JSON object."""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from lead_pipeline.orchestration.vendor_health import VendorHealth
from lead_pipeline.settings import SANDBOX_KEY
from lead_pipeline.steps.enrich import enrich_leads
from lead_pipeline.steps.run import Run
from lead_pipeline.vendors.accounts import Account
from lead_pipeline.vendors.clay import Clay
from lead_pipeline.vendors.rate_limit import Pace, TokenBucket
from lead_pipeline.vendors.transport import Transport


def main() -> None:
    url, sandbox, day, rate, concurrency, pace, early = sys.argv[1:]
    rss: list[int] = []

    def look(done: int, of: int) -> None:
        if done >= int(early) or done == of:
            rss.append(_rss())

    with (
        _pace(url, float(rate), pace) as bucket,
        Transport("Clay", credential="none", bucket=bucket, concurrency=int(concurrency)) as transport,
    ):
        clay = Clay(transport, f"{sandbox}/clay/v1", SANDBOX_KEY)
        begin = time.perf_counter()
        counts = enrich_leads(
            url, clay, date.fromisoformat(day), Run("benchmark"), concurrency=int(concurrency), progress=look
        )
        seconds, stats = time.perf_counter() - begin, transport.stats
    told = {"seconds": seconds, "calls": stats.requests + stats.retries, "counts": counts}
    print(json.dumps({**told, "rss_early": rss[0], "rss_end": rss[-1]}))


@contextmanager
def _pace(url: str, rate: float, pace: str) -> Iterator[Pace]:
    """`shared`: by all processes, in Postgres. `own`: in this one."""
    if pace == "own":
        yield TokenBucket(rate, 20)
        return
    health = VendorHealth(url)
    try:
        yield health.pace(Account("clay", "Clay", "none", rate, 20))
    finally:
        health.close()


def _rss() -> int:
    """Bytes in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    main()
