"""The only reader of the environment: one frozen object, made from the mapping that it is handed.

Holds every variable's name, meaning, default and bound. Workspace settings (platform credentials) live in the
database, not here. `.env.example` is generated from this file, so neither can name what the other does not.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from lead_pipeline.errors import SettingsError

SANDBOX_KEY = "sandbox"


class Settings(BaseModel):
    """What the environment says. Units are in the descriptions; secrets have no default."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    database_url: str | None = Field(
        None,
        alias="DATABASE_URL",
        repr=False,  # it may hold a password
        description="Postgres 15 or later, as a libpq address. Unset: the embedded server.",
    )
    dagster_database: str = Field(
        "dagster",
        alias="DAGSTER_DATABASE",
        pattern="^[a-z_][a-z0-9_]{0,62}$",
        description="Database of Dagster's own storage, on the same server.",
    )
    var_dir: Path = Field(
        Path("var"), alias="LEAD_PIPELINE_VAR", description="Folder of the embedded server, the blobs and the logs."
    )
    blob_url: str | None = Field(
        None, alias="BLOB_URL", description="Where files are kept: a folder or any fsspec URL. Unset: var/blobs."
    )
    sandbox_url: str = Field(
        "http://127.0.0.1:8091",
        alias="SANDBOX_URL",
        pattern="^https?://",
        description="Stand-in for every vendor whose key is unset.",
    )
    datashopper_api_key: SecretStr | None = Field(
        None, alias="DATASHOPPER_API_KEY", min_length=1, description="Bearer key of DataShopper. Unset: the sandbox."
    )
    datashopper_api_url: str = Field(
        "https://api.datashopper.com/v1", alias="DATASHOPPER_API_URL", pattern="^https?://", description="Its API."
    )
    clay_api_key: SecretStr | None = Field(
        None, alias="CLAY_API_KEY", min_length=1, description="Bearer key of Clay. Unset: the sandbox."
    )
    clay_api_url: str = Field(
        "https://api.clay.com/v1", alias="CLAY_API_URL", pattern="^https?://", description="Its API."
    )
    clay_rate_per_second: float = Field(
        10, alias="CLAY_RATE_PER_SECOND", gt=0, le=1000, description="Requests a second to Clay, sustained."
    )
    clay_burst: int = Field(
        20, alias="CLAY_BURST", ge=1, le=1000, description="Requests to Clay at once after a pause."
    )
    vendor_concurrency: int = Field(
        8, alias="VENDOR_CONCURRENCY", ge=1, le=64, description="Calls to one vendor that are under way at a time."
    )
    vendor_timeout_seconds: float = Field(
        30, alias="VENDOR_TIMEOUT_SECONDS", gt=0, le=300, description="Longest wait for a vendor's answer, in seconds."
    )
    companies_per_query_per_day: int = Field(
        50, alias="COMPANIES_PER_QUERY_PER_DAY", ge=1, le=100, description="Companies that one query takes in a day."
    )

    @property
    def blobs(self) -> str:
        return self.blob_url or str((self.var_dir / "blobs").resolve())

    @property
    def uses_sandbox(self) -> bool:
        """Whether every vendor is the sandbox."""
        return self.datashopper_api_key is None and self.clay_api_key is None

    @property
    def datashopper(self) -> tuple[str, str]:
        """Address and key of DataShopper, the sandbox's where no key is set."""
        return self._vendor("datashopper/v1", self.datashopper_api_url, self.datashopper_api_key)

    @property
    def clay(self) -> tuple[str, str]:
        """Address and key of Clay, the sandbox's where no key is set."""
        return self._vendor("clay/v1", self.clay_api_url, self.clay_api_key)

    def _vendor(self, sandbox_path: str, url: str, key: SecretStr | None) -> tuple[str, str]:
        if key is None:
            return f"{self.sandbox_url.rstrip('/')}/{sandbox_path}", SANDBOX_KEY
        return url.rstrip("/"), key.get_secret_value()


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from an environment. An empty value counts as unset.

    Raises SettingsError that names every variable at fault, never its value.
    """
    known = {field.alias for field in Settings.model_fields.values()}
    try:
        return Settings(**_given(environment, known))
    except ValidationError as error:
        faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors(include_input=False))
        raise SettingsError(f"Set these variables right, or unset them: {faults}") from None


def _given(environment: Mapping[str, str], known: set[str | None]) -> dict[str, Any]:
    return {name: value.strip() for name, value in environment.items() if name in known and value.strip()}
