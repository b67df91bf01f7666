"""Routing rules with their history, and the assignments that they decide."""

from alembic import op

revision = "20260101000003"
down_revision = "20260101000002"

UP = """
CREATE TABLE core.rule_set_versions (
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    version int NOT NULL CHECK (version > 0),
    transaction_id xid8 NOT NULL,
    changed_by text NOT NULL DEFAULT current_user,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workspace_id, version)
);

CREATE TABLE core.lead_routing_rules (
    rule_id uuid NOT NULL DEFAULT gen_random_uuid(),
    version int NOT NULL DEFAULT 1,
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    rule_name text NOT NULL CHECK (rule_name <> ''),
    priority int NOT NULL DEFAULT 0,
    conditions jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(conditions) = 'object'),
    destination_workspace_id uuid NOT NULL REFERENCES core.workspaces,
    actions jsonb NOT NULL DEFAULT '{"assign_to_workspace": true}' CHECK (jsonb_typeof(actions) = 'object'),
    is_active boolean NOT NULL DEFAULT true,
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_to timestamptz,
    set_from int NOT NULL DEFAULT 0,
    set_to int,
    PRIMARY KEY (rule_id, version)
);
CREATE UNIQUE INDEX lead_routing_rules_current ON core.lead_routing_rules (workspace_id, rule_name)
WHERE valid_to IS NULL;
CREATE INDEX lead_routing_rules_workspace ON core.lead_routing_rules (workspace_id, set_from);

-- One version per workspace and transaction, whatever number of rules it touches.
CREATE FUNCTION core.next_rule_set(_workspace_id uuid) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    latest core.rule_set_versions;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(_workspace_id::text, 1));
    SELECT v.* INTO latest FROM core.rule_set_versions v
    WHERE v.workspace_id = _workspace_id ORDER BY v.version DESC LIMIT 1;
    IF latest.transaction_id = pg_current_xact_id() AND latest.created_at = now() THEN
        RETURN latest.version;
    END IF;
    INSERT INTO core.rule_set_versions (workspace_id, version, transaction_id)
    VALUES (_workspace_id, coalesce(latest.version, 0) + 1, pg_current_xact_id());
    RETURN coalesce(latest.version, 0) + 1;
END $$;

-- A change by plain SQL keeps history too: the row moves to its next version, and its last one is kept closed.
CREATE FUNCTION core.version_routing_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.valid_to IS NOT NULL AND TG_OP = 'INSERT' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.valid_to IS NOT NULL THEN
        RAISE EXCEPTION 'version % of rule "%" is history and cannot be changed', OLD.version, OLD.rule_name;
    END IF;
    IF NEW.valid_to IS NOT NULL OR NEW.set_to IS NOT NULL THEN
        RAISE EXCEPTION 'rule "%" is not closed by hand: set is_active to false, or delete it', NEW.rule_name;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NEW.rule_id <> OLD.rule_id OR NEW.workspace_id <> OLD.workspace_id THEN
            RAISE EXCEPTION 'a rule keeps its id and workspace: delete "%", insert a new one', OLD.rule_name;
        END IF;
        NEW.version := OLD.version + 1;
        -- Of two transactions the one that began first may change a rule last: its span must not be negative.
        NEW.valid_from := greatest(now(), OLD.valid_from);
    END IF;
    NEW.set_from := core.next_rule_set(NEW.workspace_id);
    RETURN NEW;
END $$;
CREATE TRIGGER version_routing_rule BEFORE INSERT OR UPDATE ON core.lead_routing_rules
FOR EACH ROW EXECUTE FUNCTION core.version_routing_rule();

CREATE FUNCTION core.keep_routing_rule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed core.lead_routing_rules := OLD;
BEGIN
    IF EXISTS (SELECT 1 FROM core.workspaces w WHERE w.workspace_id = OLD.workspace_id) THEN
        IF OLD.valid_to IS NULL THEN
            closed.valid_to := greatest(now(), OLD.valid_from);
            closed.set_to := core.next_rule_set(OLD.workspace_id);
        END IF;
        INSERT INTO core.lead_routing_rules SELECT closed.*;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_routing_rule AFTER UPDATE OR DELETE ON core.lead_routing_rules
FOR EACH ROW EXECUTE FUNCTION core.keep_routing_rule();

CREATE TABLE core.lead_assignments (
    lead_id uuid NOT NULL,
    destination_kind text NOT NULL CHECK (destination_kind IN ('workspace', 'buyer')),
    seq smallint NOT NULL DEFAULT 1 CHECK (seq > 0),
    destination_id uuid NOT NULL,
    rule_set_version int NOT NULL,
    rule_id uuid,
    rule_version int,
    price_minor bigint,
    reason text NOT NULL,
    run_id text NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (lead_id, destination_kind, seq),
    CHECK ((rule_id IS NULL) = (rule_version IS NULL))
);

COMMENT ON TABLE core.rule_set_versions IS
'One row per workspace and transaction that changed its rules; a decision names the version it was made by.';
COMMENT ON TABLE core.lead_routing_rules IS
'One row per version of a rule; the one in force has no valid_to. Higher priority is tried first.';
COMMENT ON TABLE core.lead_assignments IS
'One row per lead, kind of destination and decision; the highest seq is in force. Insert-only.';
COMMENT ON COLUMN core.lead_assignments.rule_set_version IS
'The rules of the lead''s workspace that decided: set_from <= version < coalesce(set_to, infinity). 0: it had none.';
"""

DOWN = """
DROP TABLE core.lead_assignments, core.lead_routing_rules, core.rule_set_versions;
DROP FUNCTION core.version_routing_rule(), core.keep_routing_rule(), core.next_rule_set(uuid);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
