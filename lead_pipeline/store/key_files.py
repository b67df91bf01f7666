"""Keys kept in files of the data folder, each made once, readable by its owner only. What they are for is elsewhere."""

import os
from collections.abc import Callable
from pathlib import Path


def kept_key(path: Path, make: Callable[[], bytes]) -> str:
    """The key that a file holds; made by `make` where there is no file yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(fresh)  # of two processes that make it at once, the first one's is kept
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()
