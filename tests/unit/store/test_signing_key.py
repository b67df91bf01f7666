"""Where the key of sessions comes from: the environment, or a file that only its owner reads while all is sandbox."""

import stat

import pytest

from lead_pipeline.errors import SettingsError
from lead_pipeline.settings import load_settings
from lead_pipeline.store.signing_key import KEY_FILE, signing_key


def test_the_file_is_made_once_and_only_its_owner_reads_it(tmp_path):
    settings = load_settings({"LEAD_PIPELINE_VAR": str(tmp_path / "var")})
    first = signing_key(settings, "session")
    kept = tmp_path / "var" / KEY_FILE
    assert 0o600 == stat.S_IMODE(kept.stat().st_mode)
    assert 32 == len(first)
    assert first == signing_key(settings, "session")
    assert [KEY_FILE] == [path.name for path in kept.parent.iterdir()]


def test_each_purpose_has_its_own_key(tmp_path):
    settings = load_settings({"LEAD_PIPELINE_VAR": str(tmp_path)})
    assert signing_key(settings, "session") != signing_key(settings, "google-state")


def test_the_environment_goes_before_the_file(tmp_path):
    settings = load_settings({"LEAD_PIPELINE_VAR": str(tmp_path), "NEXTAUTH_SECRET": "a" * 64})
    elsewhere = load_settings({"NEXTAUTH_SECRET": "a" * 64})
    assert signing_key(settings, "session") == signing_key(elsewhere, "session")
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("real", ["CLAY_API_KEY", "STRIPE_SECRET_KEY"])
def test_with_a_real_vendor_the_secret_has_to_be_set(tmp_path, real):
    settings = load_settings({"LEAD_PIPELINE_VAR": str(tmp_path), real: "k"})
    with pytest.raises(SettingsError, match="NEXTAUTH_SECRET is not set"):
        signing_key(settings, "session")
    assert [] == list(tmp_path.iterdir())
