"""The settings of what leaves: who sends e-mail and SMS, how fast and how patiently, and what seals credentials.

A part of `settings.Settings`, which is what is read from the environment.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel

from lead_pipeline.errors import SettingsError
from lead_pipeline.variables import Address, Key, env, rate


@dataclass(frozen=True)
class TwilioAccount:
    """Where SMS go, as whom, and from which number (E.164)."""

    url: str
    sid: str
    token: str = field(repr=False)
    phone: str


class OutboundSettings(BaseModel):
    """What the environment says about deliveries."""

    email_provider: Literal["resend", "sendgrid", "smtp"] = env(
        "EMAIL_PROVIDER", "resend", "Who sends e-mail of workspaces that name nobody: resend, sendgrid or smtp."
    )
    email_from: str = env(
        "EMAIL_FROM",
        "Lead Pipeline <notifications@lead-pipeline.example>",
        "Sender of e-mail: an address, or a name and one in angle brackets. The provider must know its domain.",
        min_length=3,
        max_length=320,
    )
    resend_api_key: Key | None = env("RESEND_API_KEY", None, "Bearer key of Resend. Unset: the sandbox.")
    resend_api_url: Address = env("RESEND_API_URL", "https://api.resend.com", "Its API.")
    resend_rate_per_second: float = rate("RESEND_RATE_PER_SECOND", 2, "Resend")
    sendgrid_api_key: Key | None = env("SENDGRID_API_KEY", None, "Bearer key of SendGrid. Unset: the sandbox.")
    sendgrid_api_url: Address = env("SENDGRID_API_URL", "https://api.sendgrid.com", "Its API.")
    sendgrid_from_email: str | None = env(
        "SENDGRID_FROM_EMAIL",
        None,
        "Sender of e-mail through SendGrid. Unset: EMAIL_FROM.",
        min_length=3,
        max_length=320,
    )
    sendgrid_rate_per_second: float = rate("SENDGRID_RATE_PER_SECOND", 20, "SendGrid")
    smtp_url: Key | None = env(
        "SMTP_URL", None, "Mail server, as smtp://user:password@host:587 (STARTTLS where offered) or smtps://host:465."
    )
    email_cost: Decimal = env(
        "EMAIL_COST", Decimal("0.0004"), "What one e-mail costs, in the seller's currency.", ge=0, le=10
    )
    twilio_account_sid: str | None = env(
        "TWILIO_ACCOUNT_SID", None, "Account of Twilio. Unset: SMS are skipped; or the sandbox, where nothing is real.",
        pattern="^AC[0-9a-fA-F]{32}$",
    )  # fmt: skip
    twilio_auth_token: Key | None = env("TWILIO_AUTH_TOKEN", None, "Token of that account.")
    twilio_phone_number: str | None = env(
        "TWILIO_PHONE_NUMBER", None, "Number that SMS come from, in E.164.", pattern=r"^\+[1-9]\d{6,14}$"
    )
    twilio_api_url: Address = env("TWILIO_API_URL", "https://api.twilio.com", "Its API.")
    twilio_rate_per_second: float = rate("TWILIO_RATE_PER_SECOND", 1, "Twilio")
    sms_cost: Decimal = env(
        "SMS_COST", Decimal("0.0079"), "What one segment of an SMS costs, in the seller's currency.", ge=0, le=10
    )
    delivery_concurrency: int = env(
        "DELIVERY_CONCURRENCY", 32, "Messages that are under way at a time, to all receivers.", ge=1, le=256
    )
    deliveries_per_destination: int = env(
        "DELIVERIES_PER_DESTINATION", 8, "Messages that are under way to one receiver at a time.", ge=1, le=64
    )
    delivery_timeout_seconds: float = env(
        "DELIVERY_TIMEOUT_SECONDS", 15, "Longest wait for a receiver, from connecting to the end of its answer.",
        gt=0, le=120,
    )  # fmt: skip
    endpoint_patience_hours: float = env(
        "ENDPOINT_PATIENCE_HOURS", 72, "A webhook that has failed for so long is disabled, with a notice.", gt=0, le=720
    )
    private_webhook_hosts: str = env(
        "PRIVATE_WEBHOOK_HOSTS",
        "",
        "host:port, commas between, that webhooks may reach though private. All other private addresses are refused.",
    )
    credential_keys: Key | None = env(
        "CREDENTIAL_KEYS",
        None,
        "Fernet keys that addresses, secrets and platforms' credentials are encrypted with, commas between; the first "
        "encrypts, all decrypt. Unset: a key made in the folder, while every vendor is the sandbox.",
    )

    @property
    def own_twilio(self) -> TwilioAccount | None:
        """The account that is set, None where none is. Raises SettingsError for a part of one."""
        parts = (self.twilio_account_sid, self.twilio_auth_token, self.twilio_phone_number)
        if parts == (None, None, None):
            return None
        sid, token, phone = parts
        if sid is None or token is None or phone is None:
            raise SettingsError("set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_PHONE_NUMBER, or none of them.")
        return TwilioAccount(self.twilio_api_url.rstrip("/"), sid, token.get_secret_value(), phone)
