"""The secrets that `up` makes for trying things out."""

import stat

from lead_pipeline.cli.webhook_secrets import VARIABLES, missing_secrets, secrets_file
from lead_pipeline.settings import load_settings


def test_secrets_are_made_once_and_are_the_same_ever_after(tmp_path):
    made = missing_secrets(tmp_path / "var", {})
    assert set(VARIABLES) == set(made)
    assert len(VARIABLES) == len(set(made.values()))
    assert made == missing_secrets(tmp_path / "var", {})
    load_settings(made)  # none is too weak


def test_the_file_is_its_owners_only_and_can_be_sourced(tmp_path):
    made = missing_secrets(tmp_path, {})
    path = secrets_file(tmp_path)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert [f"export {name}={made[name]}" for name in VARIABLES] == path.read_text().splitlines()


def test_a_source_that_has_a_secret_keeps_it_and_it_is_not_written_down(tmp_path):
    made = missing_secrets(tmp_path, {"CLAY_WEBHOOK_SECRET": "theirs" * 8, "WEBHOOK_SECRET": " "})
    assert set(VARIABLES) - {"CLAY_WEBHOOK_SECRET"} == set(made)
    assert "CLAY" not in secrets_file(tmp_path).read_text()
    both = missing_secrets(tmp_path, {})
    assert made == {name: both[name] for name in made}
