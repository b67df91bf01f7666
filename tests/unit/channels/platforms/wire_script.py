"""A wire that plays the calls of a golden file and compares each request with it. No test."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from lead_pipeline.vendors.transport import Patience, Transport

FOLDER = Path(__file__).parents[3] / "data" / "wire"
BODIES = json.loads((FOLDER.parent / "platform_payload.golden.json").read_text())


def transport(handle: Callable[[httpx.Request], httpx.Response]) -> Transport:
    return Transport(
        "tech-platform", credential="the account", patience=Patience(longest=0), wire=httpx.MockTransport(handle)
    )


def golden(name: str) -> tuple[Transport, list[dict[str, Any]]]:
    """The wire, and the calls that it still expects."""
    expected = json.loads((FOLDER / name).read_text())["calls"]

    def handle(request: httpx.Request) -> httpx.Response:
        call = expected.pop(0)
        sent = request.content.decode()
        assert (call["method"], call["url"]) == (request.method, str(request.url))
        assert call["content_type"] == request.headers["Content-Type"]
        assert call["authorization"] == request.headers.get("Authorization")
        assert call["body"] == (sent if isinstance(call["body"], str) else json.loads(sent))
        return httpx.Response(call["status"], json=call["answer"], headers=call["headers"])

    return transport(handle), expected


def leads() -> list[dict[str, Any]]:
    """A lead with everything, one with nothing, and one with a name."""
    return [BODIES[0], BODIES[1], {**BODIES[1], "id": "l-3", "company_name": "Third Ltd"}]
