"""Teams: colleagues join by a code, and a lead is given to one of them."""

from alembic import op

revision = "20260101000024"
down_revision = "20260101000023"

UP = """
CREATE TABLE core.team_invites (
    code_hash bytea PRIMARY KEY CHECK (length(code_hash) = 32),
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('SELLER', 'BUYER')),
    buyer_id uuid REFERENCES market.buyers ON DELETE CASCADE,
    invited_by uuid NOT NULL REFERENCES core.users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK ((role = 'BUYER') = (buyer_id IS NOT NULL))
);
CREATE TABLE core.lead_assignees (
    lead_id uuid NOT NULL,
    team_id uuid NOT NULL,
    seq int NOT NULL CHECK (seq > 0),
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    user_id uuid REFERENCES core.users ON DELETE SET NULL,
    assigned_by uuid REFERENCES core.users ON DELETE SET NULL,
    assigned_at timestamptz NOT NULL,
    PRIMARY KEY (lead_id, team_id, seq)
);
CREATE INDEX lead_assignees_user ON core.lead_assignees (user_id);

COMMENT ON TABLE core.team_invites IS
'One row per code by which a colleague joins a team, once. Only its SHA-256 is here.';
COMMENT ON TABLE core.lead_assignees IS
'One row per time that a team gave a lead to one of its members; the highest seq holds. Null: to nobody any more.';
COMMENT ON COLUMN core.lead_assignees.team_id IS 'The buyer whose team it is, or the seller''s workspace.';

-- As the owner: a member sees the names of its colleagues and of nobody else.
CREATE FUNCTION core.colleagues() RETURNS TABLE (user_id uuid, name text, email text, joined_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT u.user_id, u.name, u.email, m.created_at
    FROM core.memberships m JOIN core.users u USING (user_id)
    WHERE m.workspace_id = core.current_workspace() AND m.buyer_id IS NOT DISTINCT FROM core.current_buyer()
        AND m.role = CASE WHEN core.current_buyer() IS NULL THEN 'SELLER' ELSE 'BUYER' END
$$;
CREATE FUNCTION core.current_team() RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT coalesce(core.current_buyer(), core.current_workspace()) $$;

ALTER TABLE core.team_invites ENABLE ROW LEVEL SECURITY;
ALTER TABLE core.lead_assignees ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON core.lead_assignees TO lead_pipeline_api;
CREATE POLICY own_team ON core.lead_assignees FOR SELECT TO lead_pipeline_api
USING (workspace_id = core.current_workspace() AND team_id = core.current_team() AND core.current_supplier() IS NULL);
CREATE POLICY own_team_inserts ON core.lead_assignees FOR INSERT TO lead_pipeline_api
WITH CHECK (
    workspace_id = core.current_workspace() AND team_id = core.current_team() AND core.current_supplier() IS NULL
    AND EXISTS (SELECT 1 FROM core.leads l WHERE l.lead_id = lead_assignees.lead_id)
    AND (user_id IS NULL OR EXISTS (SELECT 1 FROM core.colleagues() c WHERE c.user_id = lead_assignees.user_id))
);
"""

DOWN = """
DROP TABLE core.lead_assignees, core.team_invites;
DROP FUNCTION core.current_team(), core.colleagues();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
