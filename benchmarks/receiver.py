"""A receiver of webhooks for a benchmark, run in a process of its own: see `child_receiver`."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bench import ROOT


@contextmanager
def receiver(seconds: float) -> Iterator[int]:
    """Its port; it takes so long to answer."""
    command = [sys.executable, "-m", "benchmarks.child_receiver", str(seconds)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()
