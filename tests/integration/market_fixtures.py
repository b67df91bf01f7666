"""Fixtures of the marketplace: its app, a Stripe behind the sandbox, and payments by their steps. Holds no test.

What they open is imported when it is asked for: most tests of this folder want nothing of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from lead_pipeline.sandbox.server import SandboxServer


@pytest.fixture
def market(database: Any, tmp_path: Path) -> Iterator[Any]:
    """The marketplace's app over a fresh database, and who asks it: see market.py."""
    from tests.integration.market import open_market

    with open_market(database, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def _stripe_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(stripe=True) as running:
        yield running


@pytest.fixture
def stripe_sandbox(_stripe_sandbox: SandboxServer) -> SandboxServer:
    """A sandbox with a Stripe that knows nobody, without faults."""
    httpx.post(f"{_stripe_sandbox.url}/admin/reset").raise_for_status()
    return _stripe_sandbox


@pytest.fixture
def stripe_market(database: Any, tmp_path: Path, stripe_sandbox: SandboxServer) -> Iterator[Any]:
    """The marketplace's app whose cards are charged by the sandbox: see stripe_market.py."""
    from tests.integration.stripe_market import open_stripe_market

    with open_stripe_market(database, tmp_path, stripe_sandbox) as opened:
        yield opened


@pytest.fixture
def books(database: Any, stripe_sandbox: SandboxServer) -> Any:
    """Payments by their steps, without the app: see stripe_market.py."""
    from tests.integration.stripe_market import Books

    return Books(database.url, stripe_sandbox.url)
