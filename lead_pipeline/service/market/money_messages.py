"""What the routes of money answer: shapes, and amounts as decimal text with their currency. Decides nothing."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from lead_pipeline.domain.money import decimal_text
from lead_pipeline.service.market.messages import Done, Told, When
from lead_pipeline.store.payment_methods import PaymentMethod
from lead_pipeline.store.payments import Payment
from lead_pipeline.store.statements import Statement
from lead_pipeline.store.wallets import Movement, Wallet

_STATUSES: dict[str, Literal["processing", "succeeded", "failed"]] = {"succeeded": "succeeded", "failed": "failed"}


class SetupAnswer(Done):
    """What a browser hands to Stripe's own script to add a card."""

    setup_intent_id: str
    client_secret: str
    publishable_key: str | None = Field(description="Null where STRIPE_PUBLISHABLE_KEY is not set.")


class CardTold(Told):
    """A card. Its number is not here."""

    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    is_primary: bool = Field(description="Charged where no card is named.")
    created_at: When

    @classmethod
    def of(cls, row: PaymentMethod) -> "CardTold":
        """The answer about a row."""
        return cls(
            id=row.payment_method_id, brand=row.brand, last4=row.last4, exp_month=row.exp_month,
            exp_year=row.exp_year, is_primary=row.is_primary, created_at=row.created_at,
        )  # fmt: skip


class CardAnswer(Done):
    """One card."""

    method: CardTold


class CardsAnswer(Done):
    """Cards, the primary one first."""

    methods: list[CardTold]


class PaymentTold(Told):
    """A charge of a card. `processing`: Stripe's answer is not known yet; it is asked until it is."""

    id: str
    kind: str
    amount: str
    currency: str
    status: Literal["processing", "succeeded", "failed"]
    failure: str | None
    created_at: When
    settled_at: When | None

    @classmethod
    def of(cls, row: Payment) -> "PaymentTold":
        """The answer about a row."""
        return cls(
            id=row.payment_id, kind=row.kind, amount=decimal_text(row.amount_minor, row.currency),
            currency=row.currency, status=_STATUSES.get(row.state, "processing"),
            failure=row.failure if row.state == "failed" else None, created_at=row.created_at,
            settled_at=row.settled_at,
        )  # fmt: skip


class FundsAnswer(Done):
    """What became of adding funds, and what the wallet holds now."""

    payment: PaymentTold
    balance: str
    currency: str


class LimitTold(Told):
    """A spending limit; null: none. `spent` is of the seller's local week or month."""

    limit: str | None
    spent: str


class RechargeTold(Told):
    """Below `threshold` the primary card is charged `amount`; both null: never."""

    threshold: str | None
    amount: str | None
    last: PaymentTold | None = Field(description="The newest recharge.")
    next_attempt_at: When | None = Field(description="When a declined card is tried again; null: not by itself.")


class MovementTold(Told):
    """A movement of a wallet. `amount` is negative where money left."""

    id: str
    kind: str
    amount: str
    reason: str
    lead_id: str | None
    occurred_at: When

    @classmethod
    def of(cls, row: Movement, currency: str) -> "MovementTold":
        """The answer about a row."""
        return cls(
            id=str(row.entry_id), kind=row.kind, amount=decimal_text(row.amount_minor, currency), reason=row.reason,
            lead_id=row.lead_id, occurred_at=row.occurred_at,
        )  # fmt: skip


class WalletAnswer(Done):
    """A wallet and a page of its movements, newest first."""

    buyer_id: str
    balance: str
    currency: str
    weekly: LimitTold
    monthly: LimitTold
    recharge: RechargeTold
    primary_method: CardTold | None
    transactions: list[MovementTold]
    next_cursor: str | None


class LineTold(MovementTold):
    """A line of a statement. `balance` is what the wallet held after it."""

    balance: str


class StatementAnswer(Done):
    """A wallet from `since` up to, not with, `until`. Times are where the seller is."""

    buyer_id: str
    buyer: str
    currency: str
    since: datetime
    until: datetime
    opening: str
    lines: list[LineTold]
    closing: str


class RefundAnswer(Done):
    """The entry of the ledger that gave it back."""

    entry_id: str


def statement_answer(row: Statement, zone: ZoneInfo) -> StatementAnswer:
    """The statement as it is told."""

    def text(minor: int) -> str:
        return decimal_text(minor, row.currency)

    return StatementAnswer(
        buyer_id=row.buyer_id, buyer=row.buyer, currency=row.currency, since=row.since.astimezone(zone),
        until=row.until.astimezone(zone), opening=text(row.opening_minor), closing=text(row.closing_minor),
        lines=[
            LineTold(
                id=str(line.entry_id), kind=line.kind, amount=text(line.amount_minor), reason=line.reason,
                lead_id=line.lead_id, occurred_at=line.occurred_at, balance=text(line.balance_minor),
            )
            for line in row.lines
        ],
    )  # fmt: skip


def wallet_answer(
    wallet: Wallet,
    cards: list[PaymentMethod],
    last: Payment | None,
    page: tuple[list[Movement], int | None],
) -> WalletAnswer:
    """The wallet as it is told."""

    def text(minor: int | None) -> str | None:
        return None if minor is None else decimal_text(minor, wallet.currency)

    rows, before = page
    primary = next((card for card in cards if card.is_primary), None)
    has_failed = last is not None and last.state == "failed"
    return WalletAnswer(
        buyer_id=wallet.buyer_id,
        balance=decimal_text(wallet.balance_minor, wallet.currency),
        currency=wallet.currency,
        weekly=LimitTold(
            limit=text(wallet.weekly_limit_minor), spent=decimal_text(wallet.spent_week_minor, wallet.currency)
        ),
        monthly=LimitTold(
            limit=text(wallet.monthly_limit_minor), spent=decimal_text(wallet.spent_month_minor, wallet.currency)
        ),
        recharge=RechargeTold(
            threshold=text(wallet.recharge_threshold_minor),
            amount=text(wallet.recharge_amount_minor),
            last=None if last is None else PaymentTold.of(last),
            next_attempt_at=last.next_attempt_at if last is not None and has_failed else None,
        ),
        primary_method=None if primary is None else CardTold.of(primary),
        transactions=[MovementTold.of(row, wallet.currency) for row in rows],
        next_cursor=None if before is None else str(before),
    )
