"""The only reader of the environment: one frozen object, made from the mapping that it is handed.

Holds every variable's name, meaning, default and bound. Workspace settings (platform credentials) live in the
database, not here. `.env.example` is generated from this file, so neither can name what the other does not.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from lead_pipeline.errors import SettingsError

SANDBOX_KEY = "sandbox"
MIN_SECRET_BYTES = 32


def _strong(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    octets = len(text) // 2 if re.fullmatch("[0-9a-fA-F]+", text) else len(text.encode())
    if octets < MIN_SECRET_BYTES:
        raise ValueError(f"a secret of fewer than {MIN_SECRET_BYTES} bytes. Make one with: openssl rand -hex 32")
    return secret


StrongSecret = Annotated[SecretStr, AfterValidator(_strong)]


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
    audience_labs_api_key: SecretStr | None = Field(
        None,
        alias="AUDIENCE_LABS_API_KEY",
        min_length=1,
        description="Bearer key of Audience Labs. Unset: the sandbox.",
    )
    audience_labs_api_url: str = Field(
        "https://api.audiencelabs.com/v1", alias="AUDIENCE_LABS_API_URL", pattern="^https?://", description="Its API."
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

    datashopper_webhook_secret: StrongSecret | None = Field(
        None,
        alias="DATASHOPPER_WEBHOOK_SECRET",
        description="Secret of DataShopper's webhooks; 32 bytes or more, in hex.",
    )
    datashopper_webhook_secret_previous: StrongSecret | None = Field(
        None,
        alias="DATASHOPPER_WEBHOOK_SECRET_PREVIOUS",
        description="Secret of DataShopper's webhooks before the last rotation; both are taken.",
    )
    clay_webhook_secret: StrongSecret | None = Field(
        None,
        alias="CLAY_WEBHOOK_SECRET",
        description="Secret of Clay's webhooks; 32 bytes or more, in hex.",
    )
    clay_webhook_secret_previous: StrongSecret | None = Field(
        None,
        alias="CLAY_WEBHOOK_SECRET_PREVIOUS",
        description="Secret of Clay's webhooks before the last rotation; both are taken.",
    )
    audience_labs_webhook_secret: StrongSecret | None = Field(
        None,
        alias="AUDIENCE_LABS_WEBHOOK_SECRET",
        description="Secret of Audience Labs' webhooks; 32 bytes or more, in hex.",
    )
    audience_labs_webhook_secret_previous: StrongSecret | None = Field(
        None,
        alias="AUDIENCE_LABS_WEBHOOK_SECRET_PREVIOUS",
        description="Secret of Audience Labs' webhooks before the last rotation; both are taken.",
    )
    webhook_secret: StrongSecret | None = Field(
        None,
        alias="WEBHOOK_SECRET",
        description="Secret of Contact2Sale's webhooks (X-Webhook-Token); 32 bytes or more, in hex.",
    )
    webhook_secret_previous: StrongSecret | None = Field(
        None,
        alias="WEBHOOK_SECRET_PREVIOUS",
        description="Secret of Contact2Sale's webhooks before the last rotation; both are taken.",
    )
    webhook_workspace: str | None = Field(
        None,
        alias="WEBHOOK_WORKSPACE",
        min_length=1,
        description="Slug of the workspace that receives webhooks whose body names none.",
    )
    port: int = Field(8080, alias="PORT", ge=0, le=65535, description="Port of the intake service; 0 takes a free one.")
    upload_max_bytes: int = Field(
        256 * 1024 * 1024, alias="UPLOAD_MAX_BYTES", ge=1024, le=1 << 34, description="Largest uploaded file, in bytes."
    )
    uploads_per_hour: int = Field(
        10, alias="UPLOADS_PER_HOUR", ge=1, le=10_000, description="Files that a workspace uploads in any hour."
    )
    ingest_per_minute: int = Field(
        600, alias="INGEST_PER_MINUTE", ge=1, le=1_000_000, description="Leads a minute that one supplier key sends."
    )
    upload_stalled_seconds: int = Field(
        300,
        alias="UPLOAD_STALLED_SECONDS",
        ge=5,
        le=86_400,
        description="Silence after which an upload's job whose run is gone is resumed, or failed after three imports.",
    )
    alert_webhook_url: SecretStr | None = Field(
        None,
        alias="ALERT_WEBHOOK_URL",
        min_length=1,
        description="Slack-compatible webhook that is told of breached thresholds. Unset: the log only.",
    )
    retention_applies: bool = Field(
        False, alias="RETENTION_APPLIES", description="Whether the retention job removes, or only counts (false)."
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

    def webhook_secrets(self, source: str) -> tuple[str, ...]:
        """Secrets that a source's webhooks may be signed with, the current one first; none where it is not set up."""
        name = "webhook_secret" if source == "c2s" else f"{source.replace('-', '_')}_webhook_secret"
        secrets: tuple[SecretStr | None, ...] = (getattr(self, name), getattr(self, f"{name}_previous"))
        return tuple(secret.get_secret_value() for secret in secrets if secret is not None)

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
