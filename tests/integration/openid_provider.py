"""An OpenID Connect provider for tests: real HTTP, real RSA keys, strict about codes, PKCE and the client's secret.

`person` is who signs in next; `claims`, `key`, `header` and `answers` bend what it says.
"""

import base64
import hashlib
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "client-1", "a secret of the client"


class Provider:
    """`with Provider(clock) as provider:`, then `provider.url` is the issuer. `clock` answers aware UTC times."""

    def __init__(self, clock):
        self.clock = clock
        self.keys = KeySet([RSAKey.generate_key(2048, {"kid": f"k{n}", "use": "sig"}) for n in range(2)])
        self.person = {"sub": "g-1", "email": "ada@shop.example", "email_verified": True, "name": "Ada of Google"}
        self.claims, self.header, self.answers = {}, {}, {}
        self.key = self.keys.keys[1]
        self.codes = {}
        self.asked = []

    def __enter__(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                provider.serve(self, parse_qs(urlsplit(self.path).query))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.serve(self, parse_qs(body))

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, handler, sent):
        path = urlsplit(handler.path).path
        given = {name: values[0] for name, values in sent.items()}
        self.asked.append(path)
        status, answer = self.answers.get(path) or getattr(self, f"_{path.rpartition('/')[2].replace('-', '_')}")(given)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def approve(self, location):
        """What the browser does at the provider: sign in there, and go back with a code. Returns the path to go to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert ("code", "S256", CLIENT) == tuple(
            asked[name] for name in ("response_type", "code_challenge_method", "client_id")
        )
        assert {"openid", "email"} <= set(asked["scope"].split())
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = urlsplit(asked["redirect_uri"])
        return f"{back.path}?{urlencode({'code': code, 'state': asked['state']})}"

    def _openid_configuration(self, _):
        return 200, {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
        }

    def _jwks(self, _):
        return 200, self.keys.as_dict(private=False)

    def _token(self, sent):
        asked = self.codes.pop(sent.get("code"), None)  # a code is taken once
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
        fits = (
            asked is not None
            and asked["code_challenge"] == challenge.rstrip(b"=").decode()
            and (CLIENT, SECRET) == (sent.get("client_id"), sent.get("client_secret"))
            and asked["redirect_uri"] == sent.get("redirect_uri")
            and sent.get("grant_type") == "authorization_code"
        )
        if not fits:
            return 400, {"error": "invalid_grant"}
        now = int(self.clock().timestamp())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 3600, "nonce": asked["nonce"], **self.person}
        claims |= self.claims
        kept = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "RS256", "kid": self.key.kid, **self.header}
        token = jwt.encode(header, kept, self.key, algorithms=[header["alg"]])
        return 200, {"access_token": "unused", "token_type": "Bearer", "expires_in": 3600, "id_token": token}
