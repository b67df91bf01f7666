"""What is done once a period: credits that are reset each day, and the trend of each topic each week."""

from alembic import op

revision = "20260101000027"
down_revision = "20260101000026"

UP = """
ALTER TABLE core.users ADD COLUMN daily_credits_used int NOT NULL DEFAULT 0 CHECK (daily_credits_used >= 0);
CREATE TABLE market.credit_resets (
    day date PRIMARY KEY,
    users int NOT NULL,
    credits bigint NOT NULL,
    run_id text NOT NULL,
    reset_at timestamptz NOT NULL
);
CREATE TABLE core.topics (
    topic_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL UNIQUE CHECK (name <> ''),
    trend_direction text CHECK (trend_direction IN ('up', 'down', 'stable')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE core.topic_trends (
    topic_id uuid NOT NULL REFERENCES core.topics ON DELETE CASCADE,
    week_start date NOT NULL CHECK (extract(isodow FROM week_start) = 1),
    volume int NOT NULL CHECK (volume >= 0),
    previous_volume int NOT NULL CHECK (previous_volume >= 0),
    change_percentage numeric(9, 2),
    direction text NOT NULL CHECK (direction IN ('up', 'down', 'stable')),
    run_id text NOT NULL,
    computed_at timestamptz NOT NULL,
    PRIMARY KEY (topic_id, week_start),
    CHECK ((previous_volume = 0) = (change_percentage IS NULL))
);
COMMENT ON COLUMN core.users.daily_credits_used IS 'Credits used since the last reset, which is at midnight UTC.';
COMMENT ON TABLE market.credit_resets IS 'One row per UTC day on whose beginning the credits of all users were reset.';
COMMENT ON TABLE core.topics IS 'One row per topic that a standing query has ever searched for.';
COMMENT ON COLUMN core.topics.trend_direction IS 'Of the last week that was reckoned.';
COMMENT ON TABLE core.topic_trends IS
'One row per topic and week (Monday to Sunday, UTC) that has ended: companies found, against the week before.';
"""

DOWN = """
DROP SCHEMA IF EXISTS analytics CASCADE;
CREATE SCHEMA analytics;
DROP TABLE core.topic_trends, core.topics, market.credit_resets;
ALTER TABLE core.users DROP COLUMN daily_credits_used;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
