"""Why each buyer got a lead or not, over HTTP: every candidate for its seller, its own part for a buyer."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field

from lead_pipeline.domain.explanation import Candidate
from lead_pipeline.domain.money import decimal_text
from lead_pipeline.service.market.callers import SellerOrBuyer, acting, market_pool
from lead_pipeline.service.market.messages import READ_PROBLEMS, Done, Told, When
from lead_pipeline.steps.explain_lead import ExplainedRound, explain_lead
from lead_pipeline.store.market_leads import find_lead

router = APIRouter(tags=["market leads"])
_MONEY = ("weekly_limit", "monthly_limit", "wallet")
_NAMES = {
    "daily_cap": "dailyCap",
    "weekly_limit_minor": "weeklyLimit",
    "monthly_limit_minor": "monthlyLimit",
    "balance_minor": "balance",
}


class CandidateTold(Told):
    """One buyer that was considered. `observed` against `bound` is what decided; amounts are decimals."""

    subscription_id: str
    buyer_id: str
    buyer: str
    verdict: str = Field(description="chosen, passed_over, or the first check that failed.")
    failed: list[str] = Field(description="Every check that failed, in the order tried.")
    observed: int | str | None
    bound: int | str | None
    counterfactual: dict[str, Any] = Field(description="What, together, would have made it win; empty where it did.")

    @classmethod
    def of(cls, candidate: Candidate, buyer: str, currency: str) -> "CandidateTold":
        """The answer about a candidate."""
        is_money = candidate.verdict in _MONEY
        return cls(
            subscription_id=candidate.subscription_id,
            buyer_id=candidate.buyer_id,
            buyer=buyer,
            verdict=candidate.verdict,
            failed=list(candidate.failed),
            observed=_amount(candidate.observed, currency) if is_money else candidate.observed,
            bound=_amount(candidate.bound, currency) if is_money else candidate.bound,
            counterfactual={
                _NAMES.get(key, key): _amount(value, currency) if key.endswith("_minor") else value
                for key, value in candidate.counterfactual.items()
            },
        )


class RoundTold(Told):
    """One decision of the lead, among the campaign as it was then. `local_time` is the seller's wall clock."""

    round: int
    outcome: str
    decided_at: When
    local_time: str
    campaign_version: int
    distribution_logic: str
    price_per_lead: str
    candidates: list[CandidateTold]

    @classmethod
    def of(cls, explained: ExplainedRound, currency: str) -> "RoundTold":
        """The answer about a round."""
        one = explained.round
        return cls(
            round=one.number,
            outcome=one.row.outcome,
            decided_at=one.decided_at,
            local_time=one.row.local.isoformat(),
            campaign_version=one.campaign.version,
            distribution_logic=one.campaign.logic.value,
            price_per_lead=decimal_text(one.campaign.price_minor, currency),
            candidates=[CandidateTold.of(candidate, buyer, currency) for candidate, buyer in explained.candidates],
        )


class CandidatesAnswer(Done):
    """Every round, the first one first. A lead is decided again while nobody has bought it."""

    rounds: list[RoundTold]


@router.get("/api/leads/{lead_id:uuid}/candidates", summary="Explain a lead's decision", responses=READ_PROBLEMS)
def candidates(request: Request, caller: SellerOrBuyer, lead_id: UUID) -> CandidatesAnswer:
    """Every buyer considered, why it lost, and what would have changed that. A buyer sees itself only, also of leads
    that went to others."""
    if caller.role == "SELLER":
        with acting(request, caller) as conn:
            find_lead(conn, caller.workspace_id, str(lead_id))
    with market_pool(request).connection() as conn:  # the sets hold every buyer
        rounds = explain_lead(conn, caller, str(lead_id))
    return CandidatesAnswer(rounds=[RoundTold.of(one, caller.currency) for one in rounds])


def _amount(value: Any, currency: str) -> Any:
    return decimal_text(value, currency) if isinstance(value, int) else value
