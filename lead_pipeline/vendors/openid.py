"""An OpenID Connect provider: where it sends a browser, and whom an authorization code is of. Keeps nobody.

Authorization code with PKCE (RFC 7636); the id token is verified against the provider's published keys, RS256 only.
What state, nonce and verifier are is the caller's choice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from authlib.oauth2.rfc6749.parameters import (  # type: ignore[import-untyped]  # no types are published
    prepare_grant_uri,
    prepare_token_request,
)
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from lead_pipeline.errors import SignInRefused, VendorUnavailable
from lead_pipeline.tls import trusted

_DISCOVERY = "/.well-known/openid-configuration"
_SCOPE = "openid email profile"
_ALGORITHM = "RS256"
_SECONDS = 10.0
_SKEW_SECONDS = 60
_AGAIN = "Begin again: GET /api/auth/google."


@dataclass(frozen=True)
class Client:
    """Who we are to the provider. `redirect_uri` is where it sends a browser back to."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True)
class Vouched:
    """Whom the provider vouches for: its own lasting name for them, a verified e-mail, and a name that may be blank."""

    subject: str
    email: str
    name: str


def authorization_url(client: Client, *, state: str, nonce: str, verifier: str) -> str:
    """Where a browser goes to sign in. Raises VendorUnavailable."""
    with _http() as http:
        endpoint = _discovered(http, client.issuer)["authorization_endpoint"]
    url: str = prepare_grant_uri(
        endpoint,
        client.client_id,
        "code",
        redirect_uri=client.redirect_uri,
        scope=_SCOPE,
        state=state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return url


def vouched_for(client: Client, code: str, *, nonce: str, verifier: str, now: datetime) -> Vouched:
    """Who came back with this code. Raises SignInRefused where it proves nobody; VendorUnavailable."""
    with _http() as http:
        provider = _discovered(http, client.issuer)
        body = prepare_token_request(
            "authorization_code",
            redirect_uri=client.redirect_uri,
            code=code,
            code_verifier=verifier,
            client_id=client.client_id,
            client_secret=client.client_secret,
        )
        answer = _asked(http, "POST", provider["token_endpoint"], content=body)
        if "id_token" not in answer:
            raise SignInRefused(f"the provider does not take this code, or has taken it already. {_AGAIN}")
        keys = _asked(http, "GET", provider["jwks_uri"])
    claims = _claims(answer["id_token"], keys, client, nonce, now)
    if claims.get("email_verified") is not True:
        raise SignInRefused("the provider has not verified this e-mail. Verify it there, then sign in again.")
    return Vouched(claims["sub"], str(claims["email"]), str(claims.get("name") or ""))


def _claims(token: object, keys: dict[str, Any], client: Client, nonce: str, now: datetime) -> dict[str, Any]:
    wanted = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=_SKEW_SECONDS,
        iss={"essential": True, "value": client.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": client.client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
        email={"essential": True},
    )
    try:
        key_set = KeySet.import_key_set({"keys": list(keys["keys"])})
        claims = jwt.decode(str(token), key_set, algorithms=[_ALGORITHM]).claims
        wanted.validate(claims)
    except (JoseError, ValueError, KeyError, TypeError):
        raise SignInRefused(f"the provider's token is not for this sign-in. {_AGAIN}") from None
    if claims["aud"] not in (client.client_id, [client.client_id]) or claims["nonce"] != nonce:
        raise SignInRefused(f"the provider's token is for others as well. {_AGAIN}")
    return claims


def _discovered(http: httpx.Client, issuer: str) -> dict[str, str]:
    found = _asked(http, "GET", issuer + _DISCOVERY)
    names = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    if found.get("issuer") != issuer or not all(isinstance(found.get(name), str) for name in names):
        raise VendorUnavailable(f"{issuer} does not describe itself as OpenID Connect asks. Check GOOGLE_ISSUER.")
    return {name: str(found[name]) for name in names}


def _asked(http: httpx.Client, method: str, url: str, *, content: str | None = None) -> dict[str, Any]:
    """The JSON object that is answered, also with a refusal (4xx)."""
    headers = {"Accept": "application/json"}
    if content is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        response = http.request(method, url, content=content, headers=headers)
        answer = response.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise VendorUnavailable(f"the sign-in provider does not answer ({type(error).__name__}). Try again.") from error
    if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or not isinstance(answer, dict):
        raise VendorUnavailable(f"the sign-in provider answers {response.status_code}. Try again in a moment.")
    return answer


def _http() -> httpx.Client:
    return httpx.Client(timeout=_SECONDS, follow_redirects=False, verify=trusted())
