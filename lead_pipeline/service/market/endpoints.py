"""Endpoints over HTTP: webhooks and Slack. A webhook's secret is told once, in the answer that makes it."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Request

from lead_pipeline.contracts.notifications import EndpointChanges, EndpointSent
from lead_pipeline.service.context import intake_of
from lead_pipeline.service.market.callers import SellerOrBuyer, acting, market_pool
from lead_pipeline.service.market.messages import (
    READ_PROBLEMS,
    WRITE_PROBLEMS,
    Done,
    Paged,
    Told,
    When,
    body_of,
    describes,
)
from lead_pipeline.service.market.paging import PageAsked, cursor_of
from lead_pipeline.service.market.preferences import QuietTold
from lead_pipeline.steps import endpoints as steps
from lead_pipeline.steps.run import Run
from lead_pipeline.store.destinations import Destination, find_endpoint, list_endpoints
from lead_pipeline.store.sealed import credential_seal

router = APIRouter(prefix="/api/endpoints", tags=["notifications"])
_New = Annotated[EndpointSent, Depends(body_of(EndpointSent))]
_Part = Annotated[EndpointChanges, Depends(body_of(EndpointChanges))]


class EndpointTold(Told):
    """An endpoint. Of its URL only the host is told. A `disabled` one is sent nothing, for `statusReason`.

    `buyerId` is null of the seller's own. `failingSince`: it has not answered since; it is tried again at `retryAt`.
    """

    id: str
    buyer_id: str | None
    channel: str
    host: str
    kinds: list[str]
    quiet_hours: QuietTold | None
    time_zone: str | None
    summary_hour: int
    status: str
    status_reason: str | None
    failing_since: When | None
    retry_at: When | None
    previous_secret_until: When | None
    created_at: When
    updated_at: When

    @classmethod
    def of(cls, row: Destination) -> "EndpointTold":
        """The answer about a row."""
        return cls(
            id=row.destination_id,
            buyer_id=row.buyer_id,
            channel=row.channel,
            host=row.shown,
            kinds=row.kinds,
            quiet_hours=QuietTold.of(row),
            time_zone=row.time_zone,
            summary_hour=row.summary_hour,
            status=row.status,
            status_reason=row.status_reason,
            failing_since=row.failing_since,
            retry_at=row.retry_at,
            previous_secret_until=row.previous_secret_until,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


class EndpointAnswer(Done):
    """One endpoint."""

    endpoint: EndpointTold


class SecretAnswer(EndpointAnswer):
    """The only time that the secret is told; null of Slack. Messages are signed with it as Standard Webhooks say."""

    secret: str | None


class TestAnswer(Done):
    """The message that was written down."""

    delivery_id: str


class EndpointsAnswer(Paged):
    """Endpoints, oldest first."""

    endpoints: list[EndpointTold]


@router.post(
    "", summary="Make an endpoint", status_code=201, responses=WRITE_PROBLEMS, openapi_extra=describes(EndpointSent)
)
def make(request: Request, caller: SellerOrBuyer, sent: _New) -> SecretAnswer:
    """Of the caller's own team: a seller's, or a buyer's. The URL has to be https, of a public host."""
    intake = intake_of(request)
    seal = credential_seal(intake.settings)
    with market_pool(request).connection() as conn, conn.transaction():
        made, secret = steps.make_endpoint(conn, caller, sent, seal=seal, settings=intake.settings, now=intake.clock())
    return SecretAnswer(endpoint=EndpointTold.of(made), secret=secret)


@router.get("", summary="List endpoints", responses=READ_PROBLEMS)
def list_(
    request: Request, caller: SellerOrBuyer, asked: PageAsked, channel: Literal["webhook", "slack"] | None = None
) -> EndpointsAnswer:
    """Oldest first. A buyer's own only; a seller's with those of its buyers, which it may not change."""
    with acting(request, caller) as conn:
        page = list_endpoints(conn, caller.workspace_id, caller.buyer_id, asked, channel=channel)
    return EndpointsAnswer(endpoints=[EndpointTold.of(row) for row in page.rows], next_cursor=cursor_of(page.next))


@router.get("/{endpoint_id}", summary="Get an endpoint", responses=READ_PROBLEMS)
def get(request: Request, caller: SellerOrBuyer, endpoint_id: str) -> EndpointAnswer:
    """With how it answers."""
    with acting(request, caller) as conn:
        found = find_endpoint(conn, caller.workspace_id, caller.buyer_id, endpoint_id)
    return EndpointAnswer(endpoint=EndpointTold.of(found))


@router.patch(
    "/{endpoint_id}",
    summary="Change an endpoint",
    responses=WRITE_PROBLEMS,
    openapi_extra=describes(EndpointChanges),
)
def change(request: Request, caller: SellerOrBuyer, endpoint_id: str, sent: _Part) -> EndpointAnswer:
    """The fields that are sent; all others stay, the secret too."""
    intake = intake_of(request)
    seal = credential_seal(intake.settings)
    given: dict[str, Any] = {name: getattr(sent, name) for name in sent.model_fields_set}
    with market_pool(request).connection() as conn, conn.transaction():
        changed = steps.change_endpoint(
            conn, caller, endpoint_id, given, seal=seal, settings=intake.settings, now=intake.clock()
        )
    return EndpointAnswer(endpoint=EndpointTold.of(changed))


@router.post("/{endpoint_id}/rotate-secret", summary="Change a webhook's secret", responses=WRITE_PROBLEMS)
def rotate(request: Request, caller: SellerOrBuyer, endpoint_id: str) -> SecretAnswer:
    """For 24 hours messages carry two signatures: one with the new secret, one with the secret before."""
    intake = intake_of(request)
    seal = credential_seal(intake.settings)
    with market_pool(request).connection() as conn, conn.transaction():
        rotated, secret = steps.rotate_secret(conn, caller, endpoint_id, seal=seal, now=intake.clock())
    return SecretAnswer(endpoint=EndpointTold.of(rotated), secret=secret)


@router.post("/{endpoint_id}/enable", summary="Enable an endpoint", responses=WRITE_PROBLEMS)
def enable(request: Request, caller: SellerOrBuyer, endpoint_id: str) -> EndpointAnswer:
    """Messages go there again. Those that died meanwhile are sent by POST /api/deliveries/replay."""
    with market_pool(request).connection() as conn, conn.transaction():
        enabled = steps.enable_endpoint(conn, caller, endpoint_id, intake_of(request).clock())
    return EndpointAnswer(endpoint=EndpointTold.of(enabled))


@router.post("/{endpoint_id}/test", summary="Send a test", status_code=202, responses=WRITE_PROBLEMS)
def test(request: Request, caller: SellerOrBuyer, endpoint_id: str) -> TestAnswer:
    """A message of kind `test`, signed and retried as every other. GET /api/deliveries/{id} tells what became of it."""
    run = Run(f"endpoint-test-{uuid4()}", intake_of(request).clock)
    with market_pool(request).connection() as conn, conn.transaction():
        return TestAnswer(delivery_id=steps.write_test(conn, caller, endpoint_id, run))


@router.delete("/{endpoint_id}", summary="Delete an endpoint", responses=WRITE_PROBLEMS)
def delete(request: Request, caller: SellerOrBuyer, endpoint_id: str) -> Done:
    """What waits for it is not sent any more; the history stays."""
    with market_pool(request).connection() as conn, conn.transaction():
        steps.remove_endpoint(conn, caller, endpoint_id, intake_of(request).clock())
    return Done()
