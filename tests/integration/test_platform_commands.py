"""`lead-pipeline platforms` and `credentials` as a person runs them: processes of their own, keys never on a line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from lead_pipeline.settings import SANDBOX_KEY
from lead_pipeline.store.connections import connect
from lead_pipeline.store.platform_accounts import account_at
from lead_pipeline.store.sealed import Seal
from tests.integration.uploading import hubspot, save, seller

pytestmark = pytest.mark.integration
CANARY = "canary-3f9a"


@pytest.fixture
def cli(world: Any) -> Any:
    """Runs a command: its exit code and all of its words."""

    def run(*words: str, stdin: str = "", **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("lead-pipeline")), *words],
            env={"PATH": os.environ["PATH"], **world.environment, **environment}, cwd=world.var, input=stdin,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    return run


def test_an_account_is_saved_checked_and_listed_without_showing_a_key(world: Any, cli: Any) -> None:
    mapping = world.var / "mapping.json"
    mapping.write_text(json.dumps({"LastName": "primary_contact.full_name", "Company": "company_name"}))
    words = (
        "platforms", "set", "seller", "tech-platform", "--provider", "salesforce", "--url",
        f"{world.sandbox}/salesforce", "--option", "external_id_field=X__c", "--mapping", str(mapping),
    )  # fmt: skip
    credentials = json.dumps({"client_id": "sandbox", "client_secret": SANDBOX_KEY})
    assert (0, "seller tech-platform: salesforce, version 2\n") == cli(*words, stdin=credentials)
    assert (0, "seller tech-platform: salesforce, version 2\n") == cli(*words, "--keep-credentials")
    code, said = cli("platforms", "check", "seller")
    assert (0, True) == (code, "(salesforce): it answers, and takes the client, 1 of 100000 calls used" in said), said
    assert "salesforce" in cli("platforms", "list", "seller")[1]
    mapping.write_text('{"LastName": "domain", "LastName": "id", "Company": "company_name"}')
    code, said = cli(*words, stdin=credentials)
    assert (1, "FieldsRefused: LastName: is named twice: name it once\n") == (code, said)


def test_a_key_may_come_from_a_variable_and_one_that_is_refused_is_told_of(world: Any, cli: Any) -> None:
    save(world, hubspot(world))
    words = ("platforms", "set", "seller", "tech-platform", "--provider", "http", "--url",
             f"{world.sandbox}/platforms/tech-platform", "--credentials-env", "OF_A_TEST")  # fmt: skip
    code, said = cli(*words, OF_A_TEST=CANARY)
    assert (0, "seller tech-platform: http, version 2\n") == (code, said)
    code, said = cli("platforms", "check", "seller")
    assert 1 == code
    assert "tech-platform (http): tech-platform /platforms/tech-platform/batches/check answered 401" in said
    assert "marketing-platform (hubspot): it answers, and takes the token" in said
    assert CANARY not in said
    assert "the variable OF_A_TEST is not set" in cli(*words)[1]


def test_rotation_and_adoption_are_commands_too(world: Any, cli: Any) -> None:
    new = Fernet.generate_key().decode()
    code, said = cli("credentials", "rotate", CREDENTIAL_KEYS=f"{new},{world.environment['CREDENTIAL_KEYS']}")
    assert (0, True) == (code, "outbound.platform_accounts" in said), said
    with connect(world.url) as conn:
        assert account_at(conn, Seal(new), seller(world), "tech-platform") is not None
    assert (0, "No workspace keeps platforms' keys in its settings.\n") == cli("platforms", "adopt")
    plain = {"platforms": {"healthcare-platform": {"url": "https://a.example", "api_key": CANARY}}}
    world.execute("DELETE FROM outbound.platform_accounts")
    world.execute("UPDATE core.workspaces SET settings = %s WHERE slug = 'tech'", json.dumps(plain))
    code, said = cli("platforms", "adopt")
    assert (1, True) == (code, said.startswith("tech healthcare-platform: stays in the settings: mapping: is empty"))
