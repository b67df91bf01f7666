"""Signed tokens that end: HS256 and nothing else, one key a purpose. What a token is good for is decided elsewhere."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from lead_pipeline.settings import Settings
from lead_pipeline.store.signing_key import signing_key

_ALGORITHM = "HS256"
_LONGEST = 4096


def sign(
    claims: Mapping[str, Any], settings: Settings, *, purpose: str, lasts: timedelta, now: datetime
) -> tuple[str, datetime]:
    """The token of these claims, and when it ends."""
    ends = (now + lasts).replace(microsecond=0)
    dated = {**claims, "iat": int(now.timestamp()), "exp": int(ends.timestamp())}
    key = OctKey.import_key(signing_key(settings, purpose))
    return jwt.encode({"alg": _ALGORITHM}, dated, key, algorithms=[_ALGORITHM]), ends


def read_token(token: str, settings: Settings, *, purpose: str, now: datetime) -> dict[str, Any] | None:
    """The claims of a token that was signed for this purpose and has not ended; None of any other text."""
    if len(token) > _LONGEST or not token.isascii():
        return None
    key = OctKey.import_key(signing_key(settings, purpose))
    try:
        claims = jwt.decode(token, key, algorithms=[_ALGORITHM]).claims
        # `iat` is not compared: the clock of the process that signed may be a moment ahead.
        ends = {"exp": claims.get("exp")}
        jwt.JWTClaimsRegistry(now=int(now.timestamp()), exp={"essential": True}).validate(ends)
    except (JoseError, ValueError):
        return None
    return claims
