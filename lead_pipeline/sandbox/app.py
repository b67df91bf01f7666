"""Puts the sandbox together: companies, stand-ins, faults, record and gate. Serves nothing itself."""

from functools import cache

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from lead_pipeline.errors import VendorRefused
from lead_pipeline.sandbox.admin import Memory, admin_routes
from lead_pipeline.sandbox.alert_sink import alert_routes
from lead_pipeline.sandbox.audience_labs import audience_labs_routes
from lead_pipeline.sandbox.batches import BatchStore
from lead_pipeline.sandbox.c2s import Crm, c2s_routes
from lead_pipeline.sandbox.call_limit import CallLimit
from lead_pipeline.sandbox.catalogue import Catalogue, build_catalogue
from lead_pipeline.sandbox.clay import clay_routes
from lead_pipeline.sandbox.clay_async import Enrichments, clay_async_routes
from lead_pipeline.sandbox.companies import generate_companies, load_companies
from lead_pipeline.sandbox.config import SandboxConfig
from lead_pipeline.sandbox.datashopper import datashopper_routes
from lead_pipeline.sandbox.diretrix import diretrix_routes
from lead_pipeline.sandbox.faults import PLATFORMS, FaultPlan
from lead_pipeline.sandbox.gate import Gate
from lead_pipeline.sandbox.hubspot import Portal, hubspot_routes
from lead_pipeline.sandbox.platforms import platform_routes
from lead_pipeline.sandbox.record import Record
from lead_pipeline.sandbox.resend import Resend, resend_routes
from lead_pipeline.sandbox.salesforce import Org, salesforce_routes
from lead_pipeline.sandbox.sendgrid import sendgrid_routes
from lead_pipeline.sandbox.slack import slack_routes
from lead_pipeline.sandbox.stripe import StripeStandIn, stripe_routes
from lead_pipeline.sandbox.twilio import Twilio, twilio_routes
from lead_pipeline.sandbox.webhook_sink import Hooks, hook_routes
from lead_pipeline.sandbox.work_api import work_api_routes


def build_app(config: SandboxConfig) -> Gate:
    """The ASGI application. Raises FileRefused where the companies cannot be read."""
    path, seed = config.companies_path, config.seed
    catalogue = _generated(seed) if path is None else build_catalogue(load_companies(path), seed)
    record, plan = Record(), FaultPlan(config.seed)
    stores = {platform: BatchStore(platform, record) for platform in PLATFORMS}
    app = FastAPI(title="Lead Pipeline sandbox", openapi_url=None)
    crm, enrichments = Crm(record, CallLimit(config.c2s_per_minute)), Enrichments(config.seed, record, config.intake)
    memories: list[Memory] = [*stores.values(), crm, enrichments]
    memories += [org := Org(config.key, record), portal := Portal(config.key, record)]
    resend, twilio, hooks = Resend(record, config.resend_per_second), Twilio(record), Hooks(record)
    memories += [resend, twilio, hooks]
    if config.stripe_url is not None:
        memories.append(stand_in := StripeStandIn(config.stripe_url, record, config.intake))
        app.include_router(stripe_routes(stand_in))
    app.include_router(admin_routes(plan, record, memories, len(catalogue.frame)))
    app.include_router(datashopper_routes(catalogue, config, record))
    app.include_router(clay_routes(config.seed, record))
    app.include_router(clay_async_routes(enrichments))
    app.include_router(audience_labs_routes(config, record))
    app.include_router(diretrix_routes(config.seed, record))
    app.include_router(work_api_routes(config.seed, record))
    app.include_router(c2s_routes(config.seed, crm))
    app.include_router(platform_routes(stores))
    app.include_router(salesforce_routes(org))
    app.include_router(hubspot_routes(portal))
    for routes in (resend_routes(resend), sendgrid_routes(record), twilio_routes(twilio), slack_routes(record)):
        app.include_router(routes)
    app.include_router(hook_routes(hooks))
    app.include_router(alert_routes(record))
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(VendorRefused, _understood_and_refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    return Gate(app, key=config.key, plan=plan, record=record)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    # FastAPI calls bytes that are no UTF-8 a bad request, and every other bad body unprocessable.
    status = 422 if isinstance(error.__cause__, UnicodeError) else error.status_code
    return JSONResponse({"error": error.detail}, status, error.headers)


async def _understood_and_refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VendorRefused)
    return JSONResponse({"error": str(error)}, error.status)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    """Where and what, but not the value: it need not be printable."""
    assert isinstance(error, RequestValidationError)
    details = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
    return JSONResponse({"error": "; ".join(details[:5])}, 422)


@cache
def _generated(seed: int) -> Catalogue:
    """The made-up companies, made once a process."""
    return build_catalogue(generate_companies(seed=seed), seed)
