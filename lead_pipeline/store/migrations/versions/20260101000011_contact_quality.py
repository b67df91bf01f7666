"""What is known of a contact beyond its normal form."""

from alembic import op

revision = "20260101000011"
down_revision = "20260101000010"

UP = """
ALTER TABLE core.leads ADD COLUMN email_suggestion text, ADD COLUMN phone_type text;
COMMENT ON COLUMN core.leads.email_suggestion IS
'The address as it may have been meant, where its domain is a slip of a well-known one. Never used in its place.';
COMMENT ON COLUMN core.leads.phone_type IS 'libphonenumber''s type of the phone: mobile, fixed_line, voip, ...';

CREATE TABLE core.mail_domains (
    domain text PRIMARY KEY,
    accepts_mail boolean NOT NULL,
    checked_at timestamptz NOT NULL
);
COMMENT ON TABLE core.mail_domains IS 'One row per mail domain that DNS was asked about, with the latest answer.';
"""

DOWN = """
DROP TABLE core.mail_domains;
ALTER TABLE core.leads DROP COLUMN phone_type, DROP COLUMN email_suggestion;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
