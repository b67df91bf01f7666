"""The child process in which localstripe runs: started, found and ended. Knows nothing of what is asked of it."""

import select
import subprocess
import sys
from types import TracebackType
from typing import Self

from lead_pipeline.errors import LeadPipelineError

_START_SECONDS, _END_SECONDS = 30.0, 5.0


class StripeProcess:
    """`with StripeProcess() as child: child.url`. A free port, memory of its own; it ends with this process."""

    def __init__(self) -> None:
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "lead_pipeline.sandbox.stripe_child"]
        # The child's input is a pipe that only this process holds, so it hears of our end whatever ends us.
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        assert self._process.stdout is not None
        said, _, _ = select.select([self._process.stdout], [], [], _START_SECONDS)
        self.url = self._process.stdout.readline().decode().strip() if said else ""
        if not self.url:
            self.stop()
            raise LeadPipelineError("the stand-in for Stripe did not start. Try `python -m localstripe` to see why.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it and wait until it has. Harmless where it has ended."""
        if self._process is None:
            return
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
