"""How the service's log looks: one JSON object a line on standard error. What is logged is decided where it happens."""

import asyncio
import json
import logging
import sys
from typing import Any, TextIO

import structlog


def configure_logs() -> None:
    """Set the logs of this process up, ours and the server's: information and worse, with the time in UTC."""
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    render = structlog.processors.JSONRenderer(_text)
    of_libraries = logging.StreamHandler(sys.stderr)
    of_libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render]
        )
    )
    logging.basicConfig(handlers=[of_libraries], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(_Lines(sys.stderr)),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )


class _Lines:
    """The lines of one turn of the event loop in one write; outside of a loop, each by itself."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._waiting: list[str] = []

    def write(self, line: str) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._file.write(line)
            self._file.flush()
            return
        if not self._waiting:
            loop.call_soon(self._write_all)
        self._waiting.append(line)

    def flush(self) -> None:
        """Called after every line; the end of the turn is soon enough."""

    def _write_all(self) -> None:
        lines, self._waiting = self._waiting, []
        self._file.write("".join(lines))
        self._file.flush()


_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


def _text(entry: dict[str, Any], **_: Any) -> str:
    return _encode(entry)
