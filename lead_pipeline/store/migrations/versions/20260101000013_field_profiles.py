"""What each field of a vendors payloads looks like on a day."""

from alembic import op

revision = "20260101000013"
down_revision = "20260101000012"

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
