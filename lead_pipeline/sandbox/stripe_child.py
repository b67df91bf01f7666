"""localstripe on loopback, for `python -m`: what `stripe_process` starts. Ends when its standard input does.

localstripe is another's program (GPL), so it runs by itself and is reached over HTTP only. It would listen on every
interface and write what it knows to a file that all share: here it has the socket that it is given and writes none.
"""

import importlib
import os
import socket
import sys
import threading


def main() -> None:
    """Serve until standard input ends. The address is the first line of standard output."""
    server = importlib.import_module("localstripe.server")
    importlib.import_module("localstripe.resources").Store.dump_to_disk = lambda _: None
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server.web.run_app(server.app, sock=listener, access_log=None, print=None)


def _end_with_parent() -> None:
    """A pipe ends with whoever holds its other side, however that ended."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
