"""The secret that sign-ins are signed with, and a key of it for each purpose. Signs nothing itself.

NEXTAUTH_SECRET, or `session.key` in the data folder while every vendor is the sandbox.
"""

import hashlib
import hmac
import secrets

from lead_pipeline.errors import SettingsError
from lead_pipeline.settings import Settings
from lead_pipeline.store.key_files import kept_key

KEY_FILE = "session.key"
_PURPOSE = "lead_pipeline/sign/"


def signing_key(settings: Settings, purpose: str) -> bytes:
    """32 bytes that are another key for each purpose, so that what is signed for one is nothing for the others.

    Raises SettingsError where the secret is unset and a real vendor is in use.
    """
    if settings.session_secret is not None:
        secret = settings.session_secret.get_secret_value()
    elif settings.uses_sandbox:
        secret = kept_key(settings.var_dir.resolve() / KEY_FILE, lambda: secrets.token_hex(32).encode())
    else:
        raise SettingsError(
            "NEXTAUTH_SECRET is not set: sign-ins need it where a vendor is real. Make one with: openssl rand -hex 32"
        )
    return hmac.digest(secret.encode(), f"{_PURPOSE}{purpose}".encode(), hashlib.sha256)
