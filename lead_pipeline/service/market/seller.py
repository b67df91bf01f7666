"""A seller's own workspace: currency, zone, and the invite code by which buyers and suppliers join."""

from fastapi import APIRouter, Request

from lead_pipeline.errors import NotFound
from lead_pipeline.service.market.callers import SellerCaller, acting
from lead_pipeline.service.market.messages import Done, Told
from lead_pipeline.service.openapi import problems
from lead_pipeline.steps.register import rotate_code
from lead_pipeline.store.sellers import Seller, seller_of

router = APIRouter(prefix="/api/seller", tags=["people"])
_PROBLEMS = problems(401, 403, 500, 503)


class SellerTold(Told):
    """A seller. `currency` is ISO 4217, `timeZone` IANA."""

    workspace_id: str
    workspace: str
    name: str
    invite_code: str
    currency: str
    time_zone: str

    @classmethod
    def of(cls, seller: Seller) -> "SellerTold":
        """The answer about a seller."""
        return cls(
            workspace_id=seller.workspace_id,
            workspace=seller.workspace,
            name=seller.name,
            invite_code=seller.invite_code,
            currency=seller.currency,
            time_zone=seller.time_zone,
        )


class SellerAnswer(Done):
    """The seller whose session it is."""

    seller: SellerTold


@router.get("", summary="The seller's workspace", response_model=SellerAnswer, responses=_PROBLEMS)
def seller(request: Request, caller: SellerCaller) -> SellerAnswer:
    """With its invite code, which buyers and suppliers register with."""
    with acting(request, caller) as conn:
        found = seller_of(conn, caller.workspace_id)
    return _answer(found)


@router.post("/invite-code", summary="Change the invite code", response_model=SellerAnswer, responses=_PROBLEMS)
def change_invite_code(request: Request, caller: SellerCaller) -> SellerAnswer:
    """A new code; the old one is nobody's from now on. Who has joined stays."""
    with acting(request, caller) as conn:
        rotate_code(conn, caller.workspace_id)
        found = seller_of(conn, caller.workspace_id)
    return _answer(found)


def _answer(found: Seller | None) -> SellerAnswer:
    if found is None:
        raise NotFound("this workspace sells nothing any more.")
    return SellerAnswer(seller=SellerTold.of(found))
