"""What a sandbox is built from. Reads no environment: whoever starts one hands the values in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from lead_pipeline.errors import SettingsError
from lead_pipeline.sandbox.webhook_sender import Intake

LARGEST_PAGE = 25


def utc_today() -> date:
    """The clock unless another is handed in."""
    return datetime.now(UTC).date()


@dataclass(frozen=True)
class SandboxConfig:
    """`companies_path` None: generated companies. `as_of` None: `today` decides at each search.

    `c2s_per_minute`: calls that Contact2Sale takes in any minute, None for no limit.
    `resend_per_second`: requests that Resend takes in any second, None for no limit; its own is 2.
    `intake`: where webhooks go that answer a request, such as Clay's; None: none are sent.
    `stripe_url`: where localstripe is, None where there is no Stripe.
    `has_imports`: whether Audience Labs has any, which every daily pull would bring in.
    """

    companies_path: Path | None = None
    seed: int = 7
    key: str = "sandbox"
    page_size: int = LARGEST_PAGE
    as_of: date | None = None
    today: Callable[[], date] = utc_today
    intake: Intake | None = None
    c2s_per_minute: int | None = 10
    has_imports: bool = True
    resend_per_second: int | None = None
    stripe_url: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= LARGEST_PAGE:
            raise SettingsError(f"page size {self.page_size}: choose one from 1 to {LARGEST_PAGE}")
        if self.c2s_per_minute is not None and self.c2s_per_minute < 1:
            raise SettingsError(f"{self.c2s_per_minute} calls a minute: choose 1 or more, or None for no limit")
        if not self.key or not self.key.isascii():
            raise SettingsError("the sandbox's key must be plain ASCII and not empty; `sandbox` will do")
