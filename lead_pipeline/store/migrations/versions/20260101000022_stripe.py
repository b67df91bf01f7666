"""What Stripe says of a seller's own subscription, and the index behind a buyer's payments, newest first."""

from alembic import op

revision = "20260101000022"
down_revision = "20260101000021"

UP = """
CREATE INDEX payments_buyer ON market.payments (buyer_id, created_at DESC, payment_id DESC);

ALTER TABLE market.sellers
ADD COLUMN stripe_customer text UNIQUE,
ADD COLUMN stripe_subscription text,
ADD COLUMN subscription_status text,
ADD COLUMN subscription_plan text,
ADD COLUMN subscription_changed_at timestamptz;
COMMENT ON COLUMN market.sellers.stripe_customer IS 'Who pays for the seller''s subscription, as Stripe names it.';
COMMENT ON COLUMN market.sellers.stripe_subscription IS 'Its subscription at Stripe; null: none was heard of.';
COMMENT ON COLUMN market.sellers.subscription_status IS 'As Stripe says it: active, past_due, canceled and so on.';
COMMENT ON COLUMN market.sellers.subscription_plan IS 'Id of the price or plan that is subscribed to.';
COMMENT ON COLUMN market.sellers.subscription_changed_at IS 'Of the event that told; an older one changes nothing.';
"""

DOWN = """
ALTER TABLE market.sellers DROP COLUMN stripe_customer, DROP COLUMN stripe_subscription,
DROP COLUMN subscription_status, DROP COLUMN subscription_plan, DROP COLUMN subscription_changed_at;
DROP INDEX market.payments_buyer;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
