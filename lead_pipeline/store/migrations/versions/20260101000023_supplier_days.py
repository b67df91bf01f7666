"""What became of a supplier's leads, day by day: its history, which the lead score asks for with every lead."""

from alembic import op

revision = "20260101000023"
down_revision = "20260101000022"

UP = """
CREATE TABLE market.supplier_days (
    supplier_id uuid NOT NULL REFERENCES market.suppliers ON DELETE CASCADE,
    day date NOT NULL,
    accepted int NOT NULL CHECK (accepted >= 0),
    duplicate int NOT NULL CHECK (duplicate >= 0),
    refused int NOT NULL CHECK (refused >= 0),
    PRIMARY KEY (supplier_id, day)
) WITH (fillfactor = 50);
COMMENT ON TABLE market.supplier_days IS
'One row per supplier and UTC day on which leads of it were decided: what became of them.';
COMMENT ON COLUMN market.supplier_days.refused IS 'Kept and not let in: quarantined. Repairs do not change it.';
-- Nobody but the owner reads it.
ALTER TABLE market.supplier_days ENABLE ROW LEVEL SECURITY;
"""

DOWN = """
DROP TABLE market.supplier_days;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
