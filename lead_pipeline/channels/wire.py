"""What sending needs of an HTTP client. Holds no client: one is handed in."""

from collections.abc import Mapping
from typing import Protocol

import httpx


class Wire(Protocol):
    """The retrying HTTP client. `effect` marks a call that must not be repeated blindly."""

    def request(
        self,
        method: str,
        path_or_url: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        effect: bool = False,
        answers_json: bool = True,
    ) -> httpx.Response:
        """The 2xx answer, its body JSON unless `answers_json` is False, or one of our errors."""
