"""Cards and payments: what Stripe was asked for, and what became of it."""

from alembic import op

revision = "20260101000017"
down_revision = "20260101000016"

UP = """
CREATE TABLE market.payment_methods (
    payment_method_id text PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES market.sellers ON DELETE CASCADE,
    buyer_id uuid NOT NULL REFERENCES market.buyers ON DELETE CASCADE,
    brand text NOT NULL,
    last4 text NOT NULL,
    exp_month int NOT NULL,
    exp_year int NOT NULL,
    is_primary boolean NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX payment_methods_primary ON market.payment_methods (buyer_id) WHERE is_primary;

CREATE TABLE market.payments (
    payment_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES market.sellers,
    buyer_id uuid NOT NULL REFERENCES market.buyers,
    kind text NOT NULL CHECK (kind IN ('fund', 'recharge')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    payment_method_id text NOT NULL,
    client_key text,
    state text NOT NULL DEFAULT 'intended' CHECK (state IN ('intended', 'asked', 'unknown', 'succeeded', 'failed')),
    stripe_intent text UNIQUE,
    failure text,
    attempts int NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    UNIQUE (buyer_id, client_key)
);
CREATE UNIQUE INDEX payments_one_recharge ON market.payments (buyer_id)
WHERE kind = 'recharge' AND state IN ('intended', 'asked', 'unknown');
CREATE INDEX payments_open ON market.payments (created_at) WHERE state IN ('intended', 'asked', 'unknown');

COMMENT ON TABLE market.payment_methods IS
'One row per card of a buyer, as Stripe names it. No card number is ever here.';
COMMENT ON TABLE market.payments IS 'One row per charge of a card: written before Stripe is asked, settled once.';
COMMENT ON INDEX market.payments_one_recharge IS 'One recharge in flight per wallet.';
"""

DOWN = """
DROP TABLE market.payments, market.payment_methods;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
