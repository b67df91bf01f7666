"""Who asks, and may they: the API key of a request, as what a route depends on. Keys themselves are `steps.keys`'.

Uploads and admin take `Authorization: Bearer sk_...`, suppliers `X-API-Key: sk_...`; no body is read before the key.
"""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from lead_pipeline.service.context import intake_of
from lead_pipeline.steps.keys import require_key
from lead_pipeline.store.api_keys import ApiKey

BEARER_HEADER, SUPPLIER_HEADER = "Authorization: Bearer sk_...", "X-API-Key: sk_..."
_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="WorkspaceKey",
    description="A workspace's key: `lead-pipeline keys create WORKSPACE --scope upload`, or `--scope admin`.",
)
SUPPLIER_SCHEME = APIKeyHeader(
    name="X-API-Key",
    auto_error=False,
    scheme_name="SupplierKey",
    description="A supplier's key: `lead-pipeline keys create WORKSPACE --scope ingest --supplier NAME`.",
)
_Sent = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]


def _upload_key(request: Request, sent: _Sent) -> ApiKey:
    return _bearer_key(request, sent, "upload")


def _admin_key(request: Request, sent: _Sent) -> ApiKey:
    return _bearer_key(request, sent, "admin")


def _bearer_key(request: Request, sent: HTTPAuthorizationCredentials | None, scope: str) -> ApiKey:
    intake = intake_of(request)
    key = None if sent is None else sent.credentials
    return require_key(intake.url, key, scope, header=BEARER_HEADER, now=intake.clock())


UploadKey = Annotated[ApiKey, Depends(_upload_key)]
AdminKey = Annotated[ApiKey, Depends(_admin_key)]
