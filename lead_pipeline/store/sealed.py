"""Personal data and credentials at rest: encrypted with the keys of the environment, and digests to find them by.

Fernet (AES-128-CBC with HMAC-SHA256) encrypts; the first key encrypts, every key decrypts. Digests are HMAC-SHA256 with
a secret made from the LAST key, so that they stay the same when a new key is put in front: the last key has to stay.
A CPF has eleven digits: a digest without a secret would be looked up in a table of all of them.
"""

import base64
import hashlib
import hmac
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from lead_pipeline.errors import SettingsError
from lead_pipeline.settings import Settings
from lead_pipeline.store.key_files import kept_key

KEY_FILE = "personal_data.key"
CREDENTIALS_FILE = "credentials.key"
_MAKE = "Make one with: openssl rand -base64 32 | tr '+/' '-_'"
_PURPOSE = b"lead_pipeline/digest"


class Seal:
    """Seals bytes, opens them and digests text with `keys`: Fernet keys, commas between, the newest first.

    `variable` is where they stand, for whoever reads an error.
    """

    def __init__(self, keys: str, variable: str = "PERSONAL_DATA_KEYS") -> None:
        self._variable = variable
        names = [key.strip() for key in keys.split(",") if key.strip()]
        try:
            self._fernet = MultiFernet([Fernet(name) for name in names])
            self._newest = Fernet(names[0])
            self._secret = hmac.digest(base64.urlsafe_b64decode(names[-1]), _PURPOSE, hashlib.sha256)
        except (ValueError, IndexError):
            raise SettingsError(f"{variable} holds what is no Fernet key. {_MAKE}") from None

    def seal(self, data: bytes) -> bytes:
        """A token that only the keys open; another one each time."""
        return self._fernet.encrypt(data)

    def open(self, token: bytes) -> bytes:
        """What was sealed. Raises SettingsError where none of the keys opens it."""
        try:
            return self._fernet.decrypt(token)
        except InvalidToken:
            raise SettingsError(
                f"this is sealed with a key that {self._variable} does not hold: add it, behind the others."
            ) from None

    def reseal(self, token: bytes) -> bytes:
        """The same content, sealed with the first key. Raises as `open` does."""
        return self.seal(self.open(token))

    def is_newest(self, token: bytes) -> bool:
        """Whether the first key sealed it, so that resealing would change nothing."""
        try:
            self._newest.decrypt(token)
        except InvalidToken:
            return False
        return True

    def digest(self, text: str) -> bytes:
        """32 bytes by which the same text is known again, and from which nobody without the last key gets it back."""
        return hmac.digest(self._secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256)


def seal_of(keys: str | None, var_dir: Path, *, uses_sandbox: bool) -> Seal:
    """The seal of the settings. Unset, and while every vendor is the sandbox: a key file that is made once.

    Raises SettingsError where the keys are unset and a real vendor is in use.
    """
    if keys is not None:
        return Seal(keys)
    if not uses_sandbox:
        raise SettingsError(f"PERSONAL_DATA_KEYS is not set: CPFs and persons of a real vendor need it. {_MAKE}")
    return Seal(kept_key(var_dir.resolve() / KEY_FILE, Fernet.generate_key))


def credential_seal(settings: Settings) -> Seal:
    """The seal of addresses, secrets and platforms' credentials, in the same way: CREDENTIAL_KEYS.

    Raises SettingsError where the keys are unset and a real vendor is in use.
    """
    if settings.credential_keys is not None:
        return Seal(settings.credential_keys.get_secret_value(), "CREDENTIAL_KEYS")
    if not settings.uses_sandbox:
        raise SettingsError(f"CREDENTIAL_KEYS is not set: credentials are kept encrypted. {_MAKE}")
    return Seal(kept_key(settings.var_dir.resolve() / CREDENTIALS_FILE, Fernet.generate_key), "CREDENTIAL_KEYS")
