"""The settings: read from a mapping, empty means unset, a bad value is named without its value, secrets stay hidden."""

import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lead_pipeline.errors import SettingsError
from lead_pipeline.settings import SANDBOX_KEY, Settings, load_settings

ROOT = Path(__file__).parents[2]
ALIASES = sorted(str(field.alias) for field in Settings.model_fields.values())
BAD = {
    "DAGSTER_DATABASE": "Not-a-name",
    "SANDBOX_URL": "ftp://sandbox-secret",
    "DATASHOPPER_API_URL": "shopper-secret",
    "CLAY_API_URL": "clay-secret",
    "CLAY_RATE_PER_SECOND": "fast-secret",
    "CLAY_BURST": "0.5secret",
    "VENDOR_CONCURRENCY": "65000",
    "VENDOR_TIMEOUT_SECONDS": "-17171",
    "COMPANIES_PER_QUERY_PER_DAY": "10117",
}


def test_an_empty_environment_is_enough():
    settings = load_settings({})
    assert settings.database_url is None
    assert Path("var") == settings.var_dir
    assert str((Path("var") / "blobs").resolve()) == settings.blobs


@given(st.dictionaries(st.sampled_from(ALIASES), st.sampled_from(["", " ", "\t\n"])))
def test_an_empty_value_counts_as_unset(environment):
    assert load_settings({}) == load_settings(environment)


def test_spaces_around_a_value_are_not_part_of_it():
    assert "postgresql://db/leads" == load_settings({"DATABASE_URL": " postgresql://db/leads\n"}).database_url


def test_variables_that_are_not_ours_are_ignored():
    assert load_settings({}) == load_settings({"PATH": "/bin", "clay_burst": "nonsense", "database_url": "x"})


@pytest.mark.parametrize(("name", "value"), BAD.items())
def test_a_bad_value_names_its_variable_and_never_its_value(name, value):
    with pytest.raises(SettingsError) as refused:
        load_settings({name: value})
    assert name in str(refused.value)
    assert value not in str(refused.value)
    assert refused.value.__cause__ is None, "the cause would show the value in a traceback"


def test_every_variable_at_fault_is_named_at_once():
    with pytest.raises(SettingsError) as refused:
        load_settings(BAD)
    assert all(name in str(refused.value) for name in BAD)


def test_secrets_and_the_databases_password_do_not_show():
    settings = load_settings(
        {
            "DATABASE_URL": "postgresql://me:hunter2@db/leads",
            "CLAY_API_KEY": "hunter2",
            "DATASHOPPER_API_KEY": "hunter2",
        }
    )
    assert "hunter2" not in repr(settings) + str(settings)


@pytest.mark.parametrize("secret", ["x" * 31, "ab" * 31, "é" * 15])
def test_a_webhook_secret_of_fewer_than_32_bytes_is_refused_and_not_shown(secret):
    with pytest.raises(SettingsError, match="openssl rand -hex 32") as refused:
        load_settings({"CLAY_WEBHOOK_SECRET": secret})
    assert secret not in str(refused.value)


def test_a_source_takes_its_secret_and_the_one_before_while_it_is_rotated():
    new, old = "ab" * 32, "x" * 32
    settings = load_settings({"AUDIENCE_LABS_WEBHOOK_SECRET": new, "AUDIENCE_LABS_WEBHOOK_SECRET_PREVIOUS": old})
    assert (new, old) == settings.webhook_secrets("audience-labs")
    assert (old,) == load_settings({"WEBHOOK_SECRET": old}).webhook_secrets("c2s")
    assert () == settings.webhook_secrets("datashopper")
    assert new not in repr(settings)


def test_settings_do_not_change():
    with pytest.raises(ValidationError):
        load_settings({}).clay_burst = 3


def test_a_vendor_without_a_key_is_the_sandbox_and_with_one_itself():
    sandbox = load_settings({"SANDBOX_URL": "http://127.0.0.1:9/"})
    assert ("http://127.0.0.1:9/clay/v1", SANDBOX_KEY) == sandbox.vendor("clay")
    assert ("http://127.0.0.1:9/datashopper/v1", SANDBOX_KEY) == sandbox.vendor("datashopper")
    real = load_settings({"CLAY_API_KEY": "k", "CLAY_API_URL": "https://clay.example/v1/", "DATASHOPPER_API_KEY": "d"})
    assert ("https://clay.example/v1", "k") == real.vendor("clay")
    assert ("https://api.datashopper.com/v1", "d") == real.vendor("datashopper")


def test_a_vendor_with_half_of_what_it_needs_says_which_half_is_missing():
    with pytest.raises(SettingsError, match="DIRETRIX_USER and DIRETRIX_PASS"):
        load_settings({"DIRETRIX_USER": "u"}).vendor("diretrix")
    with pytest.raises(SettingsError, match="DIRETRIX_BASE_URL"):
        load_settings({"DIRETRIX_USER": "u", "DIRETRIX_PASS": "p"}).vendor("diretrix")
    with pytest.raises(SettingsError, match="WORK_API_URL"):
        load_settings({"WORK_API": "k"}).vendor("work_api")


def test_diretrix_and_the_work_api_are_themselves_once_they_are_set_whole():
    diretrix = {"DIRETRIX_BASE_URL": "https://d.example/", "DIRETRIX_USER": "u", "DIRETRIX_PASS": "p"}
    real = load_settings({**diretrix, "WORK_API": "k", "WORK_API_URL": "https://w.example"})
    assert ("https://d.example", "u:p") == real.vendor("diretrix")
    assert ("https://w.example", "k") == real.vendor("work_api")
    assert not real.uses_sandbox


def test_the_sandbox_is_in_use_only_while_no_vendor_is_real():
    assert load_settings({}).uses_sandbox
    assert not load_settings({"C2S_TOKEN": "t"}).uses_sandbox


def test_the_database_has_two_names_and_its_own_comes_first():
    assert "postgresql://a" == load_settings({"DB_URL": "postgresql://a", "DATABASE_URL": " "}).database_url
    assert (
        "postgresql://b" == load_settings({"DB_URL": "postgresql://a", "DATABASE_URL": "postgresql://b"}).database_url
    )


def test_validations_are_switched_off_by_name():
    assert frozenset() == load_settings({}).skipped_validations
    assert {"fake_email", "phone"} == load_settings({"VALIDATIONS_OFF": "fake_email, phone"}).skipped_validations
    with pytest.raises(SettingsError, match="VALIDATIONS_OFF"):
        load_settings({"VALIDATIONS_OFF": "fake_email,everything"})


def test_every_variable_has_a_description_and_every_number_its_bounds():
    for field in Settings.model_fields.values():
        assert field.description, field.alias
        if field.annotation in (int, float):
            assert len(field.metadata) >= 2, f"{field.alias} needs a lower and an upper bound"


def test_the_example_file_is_the_one_that_the_settings_generate():
    generated = runpy.run_path(str(ROOT / "scripts" / "env_example"))["text"]()
    assert generated == (ROOT / ".env.example").read_text(), "run scripts/env_example"
    named = [line.partition("=")[0] for line in generated.splitlines() if line and not line.startswith("#")]
    assert ALIASES == sorted(named)


def test_the_example_file_itself_can_be_read_as_an_environment():
    lines = (line for line in (ROOT / ".env.example").read_text().splitlines() if not line.startswith("#"))
    environment = dict(line.split("=", 1) for line in lines if line)
    assert load_settings({}) == load_settings(environment)
