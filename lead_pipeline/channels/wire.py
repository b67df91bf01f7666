"""What sending needs of an HTTP client. Holds no client: one is handed in."""

from collections.abc import Collection, Mapping
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
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        effect: bool = False,
        answers_json: bool = True,
        accepted: Collection[int] = (),
    ) -> httpx.Response:
        """The 2xx answer or one of a status in `accepted`, its body JSON unless `answers_json` is False, or one of our
        errors. A body is `json` or a `form`.
        """
