"""The `sh` lines of the README as they stand there, run in a shell against a real service and a Stripe.

A comment after two spaces at the end of a line is what that line prints; every line that prints has one.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lead_pipeline.settings import SANDBOX_STRIPE_KEY
from tests.integration.intake_children import Child

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "README.md"
BLOCKS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PRINTS = re.compile(r"  # (.+)$", re.MULTILINE)


@pytest.fixture
def service(database: Any, stripe_sandbox: Any, tmp_path: Path) -> Iterator[Child]:
    child = Child(database.url, tmp_path, 0, SANDBOX_URL=stripe_sandbox.url)
    yield child
    child.stop()
    assert [] == child.defects()


def test_the_lines_of_the_guide_print_what_it_says(
    service: Child, database: Any, stripe_sandbox: Any, tmp_path: Path
) -> None:
    script = "".join(BLOCKS.findall(GUIDE.read_text()))
    expected = PRINTS.findall(script)
    assert len(expected) > 15
    assert SANDBOX_STRIPE_KEY in script
    environment = {
        **os.environ,
        "URL": service.url,
        "STRIPE": f"{stripe_sandbox.url}/stripe",
        "DATABASE_URL": database.url,
        "LEAD_PIPELINE_VAR": str(tmp_path),
    }
    runnable = script.replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", runnable],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert expected == done.stdout.splitlines()
