"""What a variable of the environment is made of: its name, default, meaning and bounds. Which there are: `settings`."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr

MIN_SECRET_BYTES = 32


def _strong(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    octets = len(text) // 2 if re.fullmatch("[0-9a-fA-F]+", text) else len(text.encode())
    if octets < MIN_SECRET_BYTES:
        raise ValueError(f"a secret of fewer than {MIN_SECRET_BYTES} bytes. Make one with: openssl rand -hex 32")
    return secret


StrongSecret = Annotated[SecretStr, AfterValidator(_strong)]
Key = Annotated[SecretStr, Field(min_length=1)]
Address = Annotated[str, Field(pattern="^https?://")]


def env(name: str, default: Any, description: str, **bounds: Any) -> Any:
    """A variable: its name, its default (None: unset), what it is, and pydantic's words for what it may be."""
    return Field(default, alias=name, description=description, **bounds)


def rate(name: str, default: float, vendor: str) -> Any:
    """How fast somebody may be asked."""
    return env(name, default, f"Requests a second to {vendor}, over all processes.", gt=0, le=1000)


def webhook_secret(name: str, whose: str) -> Any:
    """What somebody's webhooks are signed with."""
    return env(name, None, f"Secret of {whose} webhooks; 32 bytes or more, in hex.")


def previous_secret(name: str, whose: str) -> Any:
    """What they were signed with before the last rotation."""
    return env(f"{name}_PREVIOUS", None, f"Secret of {whose} webhooks before the last rotation; both are taken.")
