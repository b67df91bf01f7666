"""Jobs of imported files."""

from alembic import op

revision = "20260101000004"
down_revision = "20260101000003"

UP = """
CREATE TABLE core.bulk_upload_jobs (
    job_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    drop_id bigint NOT NULL UNIQUE REFERENCES raw.drops,
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    source text NOT NULL DEFAULT 'csv',
    status text NOT NULL DEFAULT 'processing' CHECK (status IN ('processing', 'completed', 'failed')),
    total_records bigint NOT NULL DEFAULT 0,
    successful_records bigint NOT NULL DEFAULT 0,
    failed_records bigint NOT NULL DEFAULT 0,
    duplicate_records bigint NOT NULL DEFAULT 0,
    progress numeric(5, 4) NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    error_log jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT now(),
    completed_at timestamptz,
    CHECK (total_records = successful_records + failed_records + duplicate_records),
    CHECK ((status = 'processing') = (completed_at IS NULL))
);
CREATE INDEX bulk_upload_jobs_workspace ON core.bulk_upload_jobs (workspace_id, created_at);

COMMENT ON TABLE core.bulk_upload_jobs IS 'One row per imported file: its progress and its result.';
COMMENT ON COLUMN core.bulk_upload_jobs.progress IS 'Share of the file''s bytes that is committed, 0 to 1.';
"""

DOWN = """
DROP TABLE core.bulk_upload_jobs;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
