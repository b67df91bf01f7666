"""`python -m benchmarks [NAME ...]`: run all benchmarks or some, show their figures, keep them in latest.json."""

import argparse
import sys
from collections.abc import Callable

from rich.console import Console

from benchmarks import (
    c2s,
    contacts,
    deliveries,
    demo,
    distribution,
    drift,
    enrichment,
    fingerprints,
    growth,
    ingest,
    latency,
    million,
    notified,
    platforms,
    repair,
    routing,
    uploads,
    webhooks,
)
from benchmarks.bench import Bench, open_bench
from benchmarks.figures import Figure, keep, show

BENCHMARKS: dict[str, Callable[[Bench], list[Figure]]] = {
    "million": million.run,
    "growth": growth.run,
    "routing": routing.run,
    "fingerprints": fingerprints.run,
    "contacts": contacts.run,
    "repair": repair.run,
    "webhooks": webhooks.run,
    "drift": drift.run,
    "latency": latency.run,
    "notified": notified.run,
    "deliveries": deliveries.run,
    "c2s": c2s.run,
    "distribution": distribution.run,
    "enrichment": enrichment.run,
    "uploads": uploads.run,
    "platforms": platforms.run,
    "ingest": ingest.run,
    "demo": demo.run,
}


def main() -> int:
    """0 where every bar was met, 1 where one was not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(BENCHMARKS)}; all by default")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}. There are: {', '.join(BENCHMARKS)}")
    console, figures = Console(highlight=False), []
    try:
        with open_bench(console) as bench:
            for name in names:
                console.print(name, style="bold")
                figures += BENCHMARKS[name](bench)
    except KeyboardInterrupt:
        console.print("interrupted; the server is stopped. Figures so far are not kept.")
        return 130
    show(console, figures)
    keep(figures)
    return int(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
