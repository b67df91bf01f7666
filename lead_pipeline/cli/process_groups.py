"""Child processes that lead a group of their own: a port for each, and an end for all of them."""

import os
import signal
import socket
import subprocess

_PATIENCE = 20


def free_port(port: int = 0) -> int:
    """The port, or one that is free where it is 0."""
    if port:
        return port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        number: int = taken.getsockname()[1]
        return number


def end_group(leader: subprocess.Popen[bytes]) -> None:
    """End a process that was started with `start_new_session`, and all that it started: asked twice, then killed."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(leader.pid, sign)
            leader.wait(_PATIENCE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
