"""Vendors and providers as the settings have them: what they are called, which key opens them, how fast they are asked.

Vendors are asked for leads, persons and contacts; providers send e-mail, SMS and Slack messages.
"""

from dataclasses import dataclass

from lead_pipeline.settings import Settings

_AT_ONCE_OF_C2S = 3
_TWILIO = "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"
_SLACK_PER_SECOND, _SLACK_BURST = 20, 20
"""Slack takes one message a second a webhook, and says so itself; this is for all of them together."""


@dataclass(frozen=True)
class Account:
    """`name` is what everything is kept under; `credential` the variable to check when the key is refused.

    `per_second` and `burst` hold over all processes.
    """

    name: str
    label: str
    credential: str
    per_second: float
    burst: int

    @property
    def pace(self) -> str:
        """The pace in words."""
        often = f"{self.per_second:g} a second" if self.per_second >= 1 else f"{self.per_second * 60:g} a minute"
        return f"{often}, {self.burst} at once"


def accounts(settings: Settings) -> dict[str, Account]:
    """Every vendor and provider by its name."""
    found = (
        _account("datashopper", "DataShopper", "DATASHOPPER_API_KEY", settings.datashopper_rate_per_second),
        Account("clay", "Clay", "CLAY_API_KEY", settings.clay_rate_per_second, settings.clay_burst),
        _account("audience_labs", "Audience Labs", "AUDIENCE_LABS_API_KEY", settings.audience_labs_rate_per_second),
        _account("diretrix", "Diretrix", "DIRETRIX_USER and DIRETRIX_PASS", settings.diretrix_rate_per_second),
        _account("work_api", "Work API", "WORK_API", settings.work_api_rate_per_second),
        Account("c2s", "Contact2Sale", "C2S_TOKEN", *_within_any_minute(settings.c2s_requests_per_minute)),
        # Two at once would be more than a rate of two a second allows.
        Account("resend", "Resend", "RESEND_API_KEY", settings.resend_rate_per_second, 1),
        _account("sendgrid", "SendGrid", "SENDGRID_API_KEY", settings.sendgrid_rate_per_second),
        Account("twilio", "Twilio", _TWILIO, settings.twilio_rate_per_second, 1),
        Account("slack", "Slack", "the webhook's address", _SLACK_PER_SECOND, _SLACK_BURST),
    )
    return {one.name: one for one in found}


def _account(name: str, label: str, credential: str, per_second: float) -> Account:
    return Account(name, label, credential, per_second, max(1, int(2 * per_second)))


def _within_any_minute(most: float) -> tuple[float, int]:
    """The rate a second and the burst with which no minute, wherever it begins, sees more than `most` calls.

    Whoever is let in at once is taken off the rate; below two a minute, a burst of one is all that is left.
    """
    burst = max(1, min(_AT_ONCE_OF_C2S, int(most) // 3))
    return max(most - burst, most / 2) / 60, burst
