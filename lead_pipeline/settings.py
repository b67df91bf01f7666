"""The only reader of the environment: one frozen object, made from the mapping that it is handed.

Holds every variable's name, meaning, default and bound. Workspace settings (platform credentials) live in the
database, not here. `.env.example` is generated from this file, so neither can name what the other does not.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, SecretStr, ValidationError

from lead_pipeline.errors import SettingsError
from lead_pipeline.outbound_settings import OutboundSettings, TwilioAccount
from lead_pipeline.variables import Address, Key, StrongSecret, env, previous_secret, rate, webhook_secret

SANDBOX_KEY = "sandbox"
SANDBOX_STRIPE_KEY = "sk_test_sandbox"
SANDBOX_TWILIO, SANDBOX_PHONE = f"AC{'0' * 32}", "+15005550006"
VALIDATIONS = ("email_syntax", "fake_email", "phone")
"""What the C2S chain asks of a contact before a look-up; each can be switched off."""
_ANY = "|".join(VALIDATIONS)
_OTHER_NAMES = {"DB_URL": "DATABASE_URL"}
_VENDORS = ("datashopper", "clay", "audience_labs", "diretrix", "work_api", "c2s")
_PROVIDERS = ("resend", "sendgrid")


class Settings(OutboundSettings):
    """What the environment says. Units are in the descriptions; secrets have no default."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    database_url: str | None = env(
        "DATABASE_URL",
        None,
        "Postgres 15 or later, as a libpq address; DB_URL is another name for it. Unset: the embedded server.",
        repr=False,  # it may hold a password
    )
    dagster_database: str = env(
        "DAGSTER_DATABASE",
        "dagster",
        "Database of Dagster's own storage, on the same server.",
        pattern="^[a-z_][a-z0-9_]{0,62}$",
    )
    var_dir: Path = env("LEAD_PIPELINE_VAR", Path("var"), "Folder of the embedded server, the blobs and the logs.")
    blob_url: str | None = env("BLOB_URL", None, "Where files are kept: a folder or any fsspec URL. Unset: var/blobs.")
    sandbox_url: Address = env("SANDBOX_URL", "http://127.0.0.1:8091", "Stand-in for every vendor whose key is unset.")

    datashopper_api_key: Key | None = env("DATASHOPPER_API_KEY", None, "Bearer key of DataShopper. Unset: the sandbox.")
    datashopper_api_url: Address = env("DATASHOPPER_API_URL", "https://api.datashopper.com/v1", "Its API.")
    datashopper_rate_per_second: float = rate("DATASHOPPER_RATE_PER_SECOND", 10, "DataShopper")
    datashopper_company_price: Decimal = env(
        "DATASHOPPER_COMPANY_PRICE", Decimal(0), "What one company of its search costs.", ge=0, le=1000
    )
    datashopper_currency: str = env("DATASHOPPER_CURRENCY", "USD", "ISO 4217 code of that price.", pattern="^[A-Z]{3}$")
    companies_per_query_per_day: int = env(
        "COMPANIES_PER_QUERY_PER_DAY", 50, "Companies that one query takes in a day.", ge=1, le=100
    )
    clay_api_key: Key | None = env("CLAY_API_KEY", None, "Bearer key of Clay. Unset: the sandbox.")
    clay_api_url: Address = env("CLAY_API_URL", "https://api.clay.com/v1", "Its API.")
    clay_rate_per_second: float = rate("CLAY_RATE_PER_SECOND", 10, "Clay")
    clay_burst: int = env("CLAY_BURST", 20, "Requests to Clay at once after a pause.", ge=1, le=1000)
    clay_mode: Literal["direct", "webhook"] = env(
        "CLAY_MODE",
        "direct",
        "direct: Clay answers the question. webhook: leads are sent to it, and its webhook brings the answer.",
    )
    clay_answer_seconds: int = env(
        "CLAY_ANSWER_SECONDS", 900, "Wait for Clay's webhook before it is asked directly.", ge=1, le=604_800
    )
    audience_labs_api_key: Key | None = env(
        "AUDIENCE_LABS_API_KEY", None, "Bearer key of Audience Labs. Unset: the sandbox."
    )
    audience_labs_api_url: Address = env("AUDIENCE_LABS_API_URL", "https://api.audiencelabs.com/v1", "Its API.")
    audience_labs_rate_per_second: float = rate("AUDIENCE_LABS_RATE_PER_SECOND", 5, "Audience Labs")
    diretrix_base_url: Address | None = env(
        "DIRETRIX_BASE_URL", None, "API of Diretrix, which finds a CPF. Unset: the sandbox."
    )
    diretrix_user: str | None = env("DIRETRIX_USER", None, "User of Diretrix.", min_length=1)
    diretrix_pass: Key | None = env("DIRETRIX_PASS", None, "Password of that user.")
    diretrix_rate_per_second: float = rate("DIRETRIX_RATE_PER_SECOND", 5, "Diretrix")
    work_api: Key | None = env("WORK_API", None, "Bearer key of the Work API. Unset: the sandbox.")
    work_api_url: Address | None = env("WORK_API_URL", None, "The Work API, which knows the person of a CPF.")
    work_api_rate_per_second: float = rate("WORK_API_RATE_PER_SECOND", 5, "the Work API")
    c2s_token: Key | None = env("C2S_TOKEN", None, "Bearer token of Contact2Sale. Unset: the sandbox.")
    c2s_api_url: Address = env("C2S_API_URL", "https://api.contact2sale.com/integration", "Its API.")
    c2s_requests_per_minute: float = env(
        "C2S_REQUESTS_PER_MINUTE", 10, "Requests a minute to Contact2Sale, over all processes.", gt=0, le=60_000
    )
    vendor_concurrency: int = env(
        "VENDOR_CONCURRENCY", 8, "Calls to one vendor that are under way at a time.", ge=1, le=64
    )
    vendor_timeout_seconds: float = env(
        "VENDOR_TIMEOUT_SECONDS", 30, "Longest wait for a vendor's answer, in seconds.", gt=0, le=300
    )
    validations_off: str = env(
        "VALIDATIONS_OFF",
        "",
        f"Checks of a C2S contact that are switched off, with commas between: {', '.join(VALIDATIONS)}.",
        pattern=rf"^(?:{_ANY})(?:\s*,\s*(?:{_ANY}))*$|^$",
    )
    personal_data_keys: Key | None = env(
        "PERSONAL_DATA_KEYS",
        None,
        "Fernet keys that CPFs and persons are encrypted with, commas between; the first encrypts, all decrypt.",
    )
    mx_check: bool = env("MX_CHECK", False, "Whether the mail servers of new leads' domains are looked up (DNS).")

    datashopper_webhook_secret: StrongSecret | None = webhook_secret("DATASHOPPER_WEBHOOK_SECRET", "DataShopper's")
    datashopper_webhook_secret_previous: StrongSecret | None = previous_secret(
        "DATASHOPPER_WEBHOOK_SECRET", "DataShopper's"
    )
    clay_webhook_secret: StrongSecret | None = webhook_secret("CLAY_WEBHOOK_SECRET", "Clay's")
    clay_webhook_secret_previous: StrongSecret | None = previous_secret("CLAY_WEBHOOK_SECRET", "Clay's")
    audience_labs_webhook_secret: StrongSecret | None = webhook_secret("AUDIENCE_LABS_WEBHOOK_SECRET", "Audience Labs'")
    audience_labs_webhook_secret_previous: StrongSecret | None = previous_secret(
        "AUDIENCE_LABS_WEBHOOK_SECRET", "Audience Labs'"
    )
    webhook_secret: StrongSecret | None = webhook_secret("WEBHOOK_SECRET", "Contact2Sale's (X-Webhook-Token)")
    webhook_secret_previous: StrongSecret | None = previous_secret("WEBHOOK_SECRET", "Contact2Sale's")
    webhook_workspace: str | None = env(
        "WEBHOOK_WORKSPACE", None, "Slug of the workspace that receives webhooks whose body names none.", min_length=1
    )
    public_url: Address = env(
        "NEXTAUTH_URL", "http://127.0.0.1:8080", "Where browsers reach the service: sign-in comes back to it."
    )
    session_secret: StrongSecret | None = env(
        "NEXTAUTH_SECRET", None, "Signs session tokens; 32 bytes or more. Unset: a key made in the folder."
    )
    session_hours: int = env("SESSION_HOURS", 12, "How long a sign-in lasts.", ge=1, le=720)
    google_client_id: str | None = env("GOOGLE_CLIENT_ID", None, "Client of Google sign-in. Unset: it is off.")
    google_client_secret: Key | None = env("GOOGLE_CLIENT_SECRET", None, "Secret of that client.")
    google_issuer: Address = env("GOOGLE_ISSUER", "https://accounts.google.com", "OpenID Connect provider.")
    stripe_secret_key: Key | None = env("STRIPE_SECRET_KEY", None, "Secret key of Stripe. Unset: the sandbox.")
    stripe_publishable_key: str | None = env(
        "STRIPE_PUBLISHABLE_KEY", None, "Key of Stripe that browsers may see.", min_length=1
    )
    stripe_webhook_secret: Key | None = env("STRIPE_WEBHOOK_SECRET", None, "Secret of Stripe's webhooks (whsec_...).")
    stripe_webhook_secret_previous: Key | None = env(
        "STRIPE_WEBHOOK_SECRET_PREVIOUS", None, "The one before the last rotation; both are taken."
    )
    stripe_api_url: Address = env("STRIPE_API_URL", "https://api.stripe.com", "Its API.")
    port: int = env("PORT", 8080, "Port of the intake service; 0 takes a free one.", ge=0, le=65535)
    upload_max_bytes: int = env(
        "UPLOAD_MAX_BYTES", 256 * 1024 * 1024, "Largest uploaded file, in bytes.", ge=1024, le=1 << 34
    )
    uploads_per_hour: int = env("UPLOADS_PER_HOUR", 10, "Files that a workspace uploads in any hour.", ge=1, le=10_000)
    ingest_per_minute: int = env(
        "INGEST_PER_MINUTE", 600, "Leads a minute that one supplier key sends.", ge=1, le=1_000_000
    )
    upload_stalled_seconds: int = env(
        "UPLOAD_STALLED_SECONDS",
        300,
        "Silence after which an upload's job whose run is gone is resumed, or failed after three imports.",
        ge=5,
        le=86_400,
    )
    alert_webhook_url: Key | None = env(
        "ALERT_WEBHOOK_URL",
        None,
        "Slack-compatible webhook that is told of breached thresholds. Unset: the log only.",
    )
    retention_applies: bool = env(
        "RETENTION_APPLIES", False, "Whether the retention job removes, or only counts (false)."
    )

    @property
    def blobs(self) -> str:
        return self.blob_url or str((self.var_dir / "blobs").resolve())

    @property
    def uses_sandbox(self) -> bool:
        """Whether every vendor is the sandbox, Stripe and who takes e-mail and SMS too."""
        asked = (*map(self.vendor, _VENDORS), *map(self.provider, _PROVIDERS), self.stripe)
        own = (self.twilio_account_sid, self.smtp_url)
        return own == (None, None) and all(url.startswith(self.sandbox_url) for url, _ in asked)

    @property
    def stripe(self) -> tuple[str, str]:
        """Address and secret key of Stripe, the sandbox's where no key is set."""
        if self.stripe_secret_key is None:
            return f"{self.sandbox_url.rstrip('/')}/stripe", SANDBOX_STRIPE_KEY
        return self.stripe_api_url.rstrip("/"), self.stripe_secret_key.get_secret_value()

    @property
    def skipped_validations(self) -> frozenset[str]:
        """Those of VALIDATIONS that are switched off."""
        return frozenset(name.strip() for name in self.validations_off.split(",") if name.strip())

    def vendor(self, name: str) -> tuple[str, str]:
        """Address and key of a vendor, the sandbox's where no key is set. Of Diretrix the key is `user:password`.

        Raises SettingsError where only a part of what a vendor needs is set.
        """
        url, key = {
            "datashopper": (self.datashopper_api_url, self.datashopper_api_key),
            "clay": (self.clay_api_url, self.clay_api_key),
            "audience_labs": (self.audience_labs_api_url, self.audience_labs_api_key),
            "diretrix": (self.diretrix_base_url, self._diretrix_key()),
            "work_api": (self.work_api_url, self.work_api),
            "c2s": (self.c2s_api_url, self.c2s_token),
        }[name]
        if key is None:
            return f"{self.sandbox_url.rstrip('/')}/{name.replace('_', '-')}/v1", SANDBOX_KEY
        if url is None:
            address = "DIRETRIX_BASE_URL" if name == "diretrix" else "WORK_API_URL"
            raise SettingsError(f"the key of {name} is set and its address is not: set {address}.")
        return url.rstrip("/"), key.get_secret_value()

    def provider(self, name: str) -> tuple[str, str]:
        """Address and key of who sends e-mail, resend or sendgrid; the sandbox's where no key is set."""
        url, key = {
            "resend": (self.resend_api_url, self.resend_api_key),
            "sendgrid": (self.sendgrid_api_url, self.sendgrid_api_key),
        }[name]
        if key is None:
            return f"{self.sandbox_url.rstrip('/')}/{name}", SANDBOX_KEY
        return url.rstrip("/"), key.get_secret_value()

    @property
    def twilio(self) -> TwilioAccount | None:
        """The account that sends SMS; the sandbox's while every vendor is the sandbox, None where there is none."""
        account = self.own_twilio
        if account is None and self.uses_sandbox:
            return TwilioAccount(f"{self.sandbox_url.rstrip('/')}/twilio", SANDBOX_TWILIO, SANDBOX_KEY, SANDBOX_PHONE)
        return account

    def webhook_secrets(self, source: str) -> tuple[str, ...]:
        """Secrets that a source's webhooks may be signed with, the current one first; none where it is not set up."""
        name = "webhook_secret" if source == "c2s" else f"{source.replace('-', '_')}_webhook_secret"
        secrets: tuple[SecretStr | None, ...] = (getattr(self, name), getattr(self, f"{name}_previous"))
        return tuple(secret.get_secret_value() for secret in secrets if secret is not None)

    def _diretrix_key(self) -> SecretStr | None:
        if (self.diretrix_user is None) != (self.diretrix_pass is None):
            raise SettingsError("set DIRETRIX_USER and DIRETRIX_PASS, or neither.")
        if self.diretrix_user is None or self.diretrix_pass is None:
            return None
        return SecretStr(f"{self.diretrix_user}:{self.diretrix_pass.get_secret_value()}")


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from an environment. An empty value counts as unset.

    Raises SettingsError that names every variable at fault, never its value.
    """
    known = {field.alias for field in Settings.model_fields.values()}
    given = _given(environment, known | _OTHER_NAMES.keys())
    try:
        return Settings(**{_OTHER_NAMES[name]: value for name, value in given.items() if name in _OTHER_NAMES} | given)
    except ValidationError as error:
        faults = "; ".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors(include_input=False))
        raise SettingsError(f"Set these variables right, or unset them: {faults}") from None


def _given(environment: Mapping[str, str], known: set[str | None]) -> dict[str, Any]:
    return {name: value.strip() for name, value in environment.items() if name in known and value.strip()}
