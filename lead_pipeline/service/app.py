"""Puts the intake service together: bounds, routes, problems, and what runs beside them. Serves nothing itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import FastAPI

from lead_pipeline.service import admin, health, ingest, uploads, webhooks
from lead_pipeline.service.bodies import BodyBounds
from lead_pipeline.service.context import Intake
from lead_pipeline.service.market import (
    auth,
    buyers,
    campaigns,
    candidates,
    categories,
    deliveries,
    email_templates,
    endpoints,
    google,
    leads,
    notices,
    payments,
    platforms,
    preferences,
    seller,
    stripe_webhook,
    subscriptions,
    supplier_keys,
    suppliers,
    team,
    usage,
    wallet,
)
from lead_pipeline.service.openapi import DESCRIPTION, TAGS, TITLE
from lead_pipeline.service.problems import add_problem_handlers
from lead_pipeline.service.reference import add_reference

WEBHOOK_BYTES = 1024 * 1024
FORM_BYTES = 1024 * 1024
"""What a multipart form has beside its file."""
UPLOAD_PATH = "/api/leads/bulk-upload"
_MARKET = (auth, google, seller, team, payments, wallet, stripe_webhook)
"""`auth` is first: it opens the connections that they all use."""
_CATALOGUE = (categories, subscriptions, campaigns, buyers, suppliers, supplier_keys, leads, candidates, notices)
_OUTBOUND = (platforms, preferences, endpoints, deliveries, usage, email_templates)


def build_app(intake: Intake) -> FastAPI:
    """The ASGI application. Its lifespan starts the landing and the counts, and drains them at the end."""
    app = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version=version("lead-pipeline"),
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.intake = intake
    app.add_middleware(BodyBounds, limit_of=_limits(intake))
    add_problem_handlers(app)
    app.router.routes[:0] = webhooks.router.routes  # the hot path: first in line, and searched only once
    for part in (uploads, ingest, admin, health, *_MARKET, *_CATALOGUE, *_OUTBOUND):
        app.include_router(part.router)
    add_reference(app)
    return app


def _limits(intake: Intake) -> Callable[[str], int]:
    upload = intake.settings.upload_max_bytes + FORM_BYTES
    return lambda path: upload if path == UPLOAD_PATH else WEBHOOK_BYTES


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    intake: Intake = app.state.intake
    intake.landing.start()
    counting = asyncio.create_task(intake.counts.run(), name="counts")
    try:
        yield
    finally:
        await intake.landing.close()
        counting.cancel()
        with suppress(asyncio.CancelledError):
            await counting
        await intake.counts.close()
