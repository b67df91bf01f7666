"""Sellers, users, memberships and sessions."""

from alembic import op

revision = "20260101000014"
down_revision = "20260101000013"

UP = """
CREATE TABLE market.sellers (
    workspace_id uuid PRIMARY KEY REFERENCES core.workspaces ON DELETE CASCADE,
    invite_code text NOT NULL UNIQUE CHECK (invite_code ~ '^[A-HJ-NP-Z2-9]{8}$'),
    currency text NOT NULL DEFAULT 'USD' CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE market.sellers IS
'One row per workspace that sells leads. Its row is also what money and decisions lock.';
COMMENT ON COLUMN market.sellers.currency IS 'ISO 4217; every amount of the workspace is in its minor units.';

CREATE TABLE core.users (
    user_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE CHECK (email = lower(email)),
    name text NOT NULL CHECK (name <> ''),
    password_hash text,
    google_subject text UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (password_hash IS NOT NULL OR google_subject IS NOT NULL)
);
COMMENT ON TABLE core.users IS 'One row per person who signs in.';
COMMENT ON COLUMN core.users.password_hash IS 'Argon2id, in its own notation; null where only Google signs them in.';
COMMENT ON COLUMN core.users.google_subject IS 'The `sub` of the provider''s id token.';

CREATE TABLE core.sessions (
    session_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES core.users ON DELETE CASCADE,
    membership_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_user ON core.sessions (user_id);
COMMENT ON TABLE core.sessions IS 'One row per sign-in. The token is signed and names the session; it is not kept.';
"""

DOWN = """
DROP TABLE core.sessions, core.users, market.sellers;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
