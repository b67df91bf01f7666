"""Passwords: which are taken, and their Argon2id hashes. Keeps none, and draws no salt of its own.

A password is compared in Unicode's form NFKC, as NIST SP 800-63B asks: the same keys on another keyboard give it too.
"""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 10, 200
SALT_BYTES = 16
# OWASP's least for Argon2id: 19 MiB, so that a few at once fit into any machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=SALT_BYTES)


def password_fault(password: str) -> str | None:
    """Why a password is not taken, None where it is. Its length counts; what it is made of does not."""
    if len(_plain(password)) >= SHORTEST and len(password) <= LONGEST:
        return None
    return f"Choose a password of {SHORTEST} to {LONGEST} characters."


def hash_password(password: str, salt: bytes) -> str:
    """The hash in Argon2's own notation, which names its parameters. `salt` is SALT_BYTES of chance."""
    return _HASHER.hash(_bytes(password), salt=salt)


def is_password(password: str, kept: str | None) -> bool:
    """Whether a password is the one whose hash is kept. Where none is kept it takes as long, and is never true."""
    try:
        return _HASHER.verify(kept or _nobodys(), _bytes(password)) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    return _HASHER.hash(b"nobody has this password", salt=bytes(SALT_BYTES))


def _bytes(password: str) -> bytes:
    return _plain(password).encode("utf-8", "surrogatepass")


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
