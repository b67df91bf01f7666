"""Suppliers that can be deleted and keep their history, and the indexes behind the catalogue's lists."""

from alembic import op

revision = "20260101000021"
down_revision = "20260101000018"

UP = """
ALTER TABLE market.suppliers
ADD COLUMN version int NOT NULL DEFAULT 1,
ADD COLUMN deleted_at timestamptz,
DROP CONSTRAINT suppliers_workspace_id_name_key;
CREATE UNIQUE INDEX suppliers_name ON market.suppliers (workspace_id, name) WHERE deleted_at IS NULL;
CREATE TRIGGER next_version BEFORE UPDATE ON market.suppliers FOR EACH ROW EXECUTE FUNCTION market.next_version();
COMMENT ON COLUMN market.suppliers.deleted_at IS 'Its keys ended then; its leads keep its id.';

-- As the owner: a buyer sees its own subscriptions only. Whoever asks holds the campaign's row.
CREATE FUNCTION market.next_position(campaign uuid) RETURNS int LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog AS $$
    SELECT coalesce(max(s.position), 0) + 1 FROM market.campaign_subscriptions s WHERE s.campaign_id = campaign
$$;

CREATE INDEX suppliers_workspace ON market.suppliers (workspace_id, created_at, supplier_id);
CREATE INDEX api_keys_supplier ON core.api_keys (supplier_id, created_at, key_id) WHERE supplier_id IS NOT NULL;
CREATE INDEX categories_workspace ON market.categories (workspace_id, created_at, category_id);
CREATE INDEX campaigns_workspace ON market.campaigns (workspace_id, created_at, campaign_id);
CREATE INDEX campaigns_category ON market.campaigns (category_id);
CREATE INDEX campaign_subscriptions_workspace
ON market.campaign_subscriptions (workspace_id, created_at, subscription_id);
CREATE INDEX drops_supplier ON raw.drops ((headers ->> 'supplier_id'), day) WHERE kind = 'supplier_lead';
DROP INDEX market.notices_buyer;
CREATE INDEX notices_buyer ON market.notices (buyer_id, created_at DESC, notice_id DESC);
CREATE INDEX notices_workspace ON market.notices (workspace_id, created_at DESC, notice_id DESC);
"""

DOWN = """
DROP INDEX market.notices_buyer;
CREATE INDEX notices_buyer ON market.notices (buyer_id, created_at DESC);
DROP INDEX raw.drops_supplier, market.notices_workspace, market.campaign_subscriptions_workspace,
market.campaigns_category, market.campaigns_workspace, market.categories_workspace, core.api_keys_supplier,
market.suppliers_workspace, market.suppliers_name;
DROP FUNCTION market.next_position(uuid);
DROP TRIGGER next_version ON market.suppliers;
DELETE FROM market.suppliers WHERE deleted_at IS NOT NULL;
ALTER TABLE market.suppliers
DROP COLUMN deleted_at, DROP COLUMN version, ADD CONSTRAINT suppliers_workspace_id_name_key UNIQUE (workspace_id, name);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
