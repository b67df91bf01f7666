"""What platforms that are upserted to have in common: a lost answer is no harm, a wrong address is no verdict."""

from collections.abc import Iterator
from contextlib import contextmanager

from lead_pipeline.errors import (
    CircuitOpen,
    OutcomeUnknown,
    RateLimited,
    SettingsError,
    VendorRefused,
    VendorUnavailable,
)

KEY_REFUSED = (401, 403)
_LONGEST = 500


@contextmanager
def as_unknown(name: str) -> Iterator[None]:
    """A call that failed after it was sent has had its effect, or not: OutcomeUnknown either way."""
    try:
        yield
    except (RateLimited, CircuitOpen):
        raise
    except VendorUnavailable as lost:
        raise OutcomeUnknown(
            f"{str(lost).removesuffix('.')}. {name} may have the batch; it is sent again under the same ids."
        ) from lost


@contextmanager
def as_settings(name: str) -> Iterator[None]:
    """A 3xx or 4xx that is not about the key is about the address: SettingsError, so that the leads wait for a cure."""
    try:
        yield
    except VendorRefused as refused:
        if refused.status in KEY_REFUSED:
            raise
        raise SettingsError(f"{name} answered {refused.status}: check the account's url.") from refused


def longest_reason(text: str) -> str:
    """A platform's own words about a lead, cut, and never empty."""
    return text[:_LONGEST] or "no reason was given"
