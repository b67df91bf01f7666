"""Whose certificates are trusted, read once a process: reading them takes 20 to 70 ms, longer than many a call."""

import ssl
from functools import cache

import httpx


@cache
def trusted(*, trust_env: bool = True) -> ssl.SSLContext:
    """A context for any number of clients and threads. `trust_env`: as SSL_CERT_FILE and SSL_CERT_DIR say, if set."""
    return httpx.create_ssl_context(trust_env=trust_env)
