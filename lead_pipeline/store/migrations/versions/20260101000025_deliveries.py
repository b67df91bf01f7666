"""Deliveries: who is told of what on which channel, each message with its attempts, and what it cost."""

from alembic import op

revision = "20260101000025"
down_revision = "20260101000024"

UP = """
CREATE TABLE outbound.destinations (
    destination_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    workspace_id uuid NOT NULL REFERENCES core.workspaces ON DELETE CASCADE,
    buyer_id uuid REFERENCES market.buyers ON DELETE CASCADE,
    user_id uuid REFERENCES core.users ON DELETE CASCADE,
    manager_id uuid,
    channel text NOT NULL CHECK (channel IN ('email', 'sms', 'slack', 'webhook')),
    address_sealed bytea,
    shown text NOT NULL DEFAULT '',
    secret_sealed bytea,
    previous_secret_sealed bytea,
    previous_secret_until timestamptz,
    kinds text [] NOT NULL CHECK (kinds <@ ARRAY[
        'new_lead', 'hot_lead', 'routed_leads', 'low_balance', 'card_declined', 'recharged', 'refunded',
        'daily_summary', 'manager_notice', 'endpoint_disabled', 'outreach'
    ]),
    time_zone text,
    quiet_from time,
    quiet_until time,
    summary_hour smallint NOT NULL DEFAULT 8 CHECK (summary_hour BETWEEN 0 AND 23),
    opted_in_at timestamptz,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    status_reason text,
    failures int NOT NULL DEFAULT 0,
    failing_since timestamptz,
    retry_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CHECK ((channel = 'webhook') = (secret_sealed IS NOT NULL)),
    CHECK (address_sealed IS NOT NULL OR (channel = 'email' AND (user_id IS NOT NULL OR buyer_id IS NOT NULL))),
    CHECK (channel <> 'sms' OR opted_in_at IS NOT NULL),
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL)),
    CHECK ((status = 'disabled') = (status_reason IS NOT NULL)),
    CHECK ((failures > 0) = (failing_since IS NOT NULL))
);
CREATE INDEX destinations_workspace ON outbound.destinations (workspace_id, created_at, destination_id);
CREATE INDEX destinations_buyer ON outbound.destinations (buyer_id) WHERE buyer_id IS NOT NULL;
-- A person is told once a channel and team; so is a buyer that has no members.
CREATE UNIQUE INDEX destinations_person ON outbound.destinations (workspace_id, buyer_id, user_id, channel)
NULLS NOT DISTINCT WHERE user_id IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX destinations_buyer_email ON outbound.destinations (buyer_id)
WHERE channel = 'email' AND user_id IS NULL AND address_sealed IS NULL AND deleted_at IS NULL;

-- Who is told now. A buyer's own address is used while nobody of the buyer is told by e-mail.
CREATE VIEW outbound.receivers WITH (security_invoker = true) AS
SELECT
    d.destination_id, d.workspace_id, d.buyer_id, d.user_id, d.manager_id, d.channel, d.kinds, d.time_zone,
    d.summary_hour
FROM outbound.destinations d
WHERE d.deleted_at IS NULL AND d.status = 'active' AND NOT (
    d.channel = 'email' AND d.user_id IS NULL AND d.buyer_id IS NOT NULL AND d.address_sealed IS NULL AND EXISTS (
        SELECT 1 FROM outbound.destinations m
        WHERE m.buyer_id = d.buyer_id AND m.channel = 'email' AND m.user_id IS NOT NULL AND m.deleted_at IS NULL
    )
);

CREATE FUNCTION outbound.keep_member_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO outbound.destinations (workspace_id, buyer_id, user_id, channel, kinds)
    SELECT NEW.workspace_id, NEW.buyer_id, NEW.user_id, 'email', CASE NEW.role
        WHEN 'BUYER' THEN ARRAY['new_lead', 'hot_lead', 'low_balance', 'card_declined', 'daily_summary']
        ELSE ARRAY['endpoint_disabled'] END
    WHERE NEW.role IN ('BUYER', 'SELLER')
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_member_told AFTER INSERT ON core.memberships
FOR EACH ROW EXECUTE FUNCTION outbound.keep_member_told();
CREATE FUNCTION outbound.keep_buyer_told() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO outbound.destinations (workspace_id, buyer_id, channel, kinds)
    SELECT NEW.workspace_id, NEW.buyer_id, 'email',
        ARRAY['new_lead', 'hot_lead', 'low_balance', 'card_declined', 'daily_summary']
    WHERE NEW.email IS NOT NULL
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_buyer_told AFTER INSERT OR UPDATE OF email ON market.buyers
FOR EACH ROW EXECUTE FUNCTION outbound.keep_buyer_told();
INSERT INTO outbound.destinations (workspace_id, buyer_id, channel, kinds)
SELECT workspace_id, buyer_id, 'email', ARRAY['new_lead', 'hot_lead', 'low_balance', 'card_declined', 'daily_summary']
FROM market.buyers WHERE email IS NOT NULL AND deleted_at IS NULL;
INSERT INTO outbound.destinations (workspace_id, buyer_id, user_id, channel, kinds)
SELECT workspace_id, buyer_id, user_id, 'email', CASE role
    WHEN 'BUYER' THEN ARRAY['new_lead', 'hot_lead', 'low_balance', 'card_declined', 'daily_summary']
    ELSE ARRAY['endpoint_disabled'] END
FROM core.memberships WHERE role IN ('BUYER', 'SELLER') ON CONFLICT DO NOTHING;

CREATE FUNCTION outbound.delivery_id(kind text, subject text, destination uuid, version int) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT md5(concat_ws(E'\\x1f', kind, subject, destination, version))::uuid $$;

CREATE TABLE outbound.deliveries (
    delivery_id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    workspace_id uuid NOT NULL,
    buyer_id uuid,
    destination_id uuid NOT NULL,
    channel text NOT NULL CHECK (channel IN ('email', 'sms', 'slack', 'webhook')),
    kind text NOT NULL,
    subject text NOT NULL,
    lead_id uuid,
    content_version int NOT NULL DEFAULT 1,
    context jsonb NOT NULL DEFAULT '{}',
    payload text,
    state text NOT NULL DEFAULT 'intended' CHECK (
        state IN ('intended', 'sent', 'confirmed', 'unknown', 'failed', 'dead', 'skipped')
    ),
    attempts int NOT NULL DEFAULT 0,
    resends int NOT NULL DEFAULT 0,
    replays int NOT NULL DEFAULT 0,
    replayed_at timestamptz,
    replayed_by text,
    provider text,
    provider_id text,
    error text,
    day date NOT NULL,
    run_id text NOT NULL,
    intended_at timestamptz NOT NULL,
    next_attempt_at timestamptz,
    attempted_at timestamptz,
    settled_at timestamptz,
    CHECK ((state IN ('intended', 'sent', 'unknown')) = (next_attempt_at IS NOT NULL)),
    CHECK ((state IN ('confirmed', 'failed', 'dead', 'skipped')) = (settled_at IS NOT NULL)),
    CHECK (state NOT IN ('failed', 'dead', 'skipped') OR error IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX deliveries_due ON outbound.deliveries (destination_id, next_attempt_at)
WHERE state IN ('intended', 'sent', 'unknown');
CREATE INDEX deliveries_open_day ON outbound.deliveries (day) WHERE state IN ('intended', 'sent', 'unknown');
CREATE INDEX deliveries_lead ON outbound.deliveries (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX deliveries_workspace ON outbound.deliveries (workspace_id, intended_at DESC, delivery_id DESC);
CREATE INDEX deliveries_buyer ON outbound.deliveries (buyer_id, intended_at DESC, delivery_id DESC)
WHERE buyer_id IS NOT NULL;
CREATE INDEX deliveries_day ON outbound.deliveries (day);

CREATE TABLE outbound.delivery_attempts (
    delivery_id uuid NOT NULL,
    attempt_no int NOT NULL CHECK (attempt_no > 0),
    action text NOT NULL CHECK (action IN ('send', 'ask')),
    outcome text CHECK (outcome IN (
        'confirmed', 'accepted', 'absent', 'unknown', 'refused', 'rate_limited', 'unavailable', 'gone', 'key_refused'
    )),
    status int,
    seconds real,
    error text,
    run_id text NOT NULL,
    attempted_at timestamptz NOT NULL,
    PRIMARY KEY (delivery_id, attempt_no)
);

ALTER TABLE market.sellers
ADD COLUMN sms_markup_percent numeric(5, 2) NOT NULL DEFAULT 20 CHECK (sms_markup_percent BETWEEN 0 AND 500),
ADD COLUMN email_markup_percent numeric(5, 2) NOT NULL DEFAULT 15 CHECK (email_markup_percent BETWEEN 0 AND 500);
CREATE TABLE outbound.usage_log (
    delivery_id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    buyer_id uuid,
    channel text NOT NULL CHECK (channel IN ('email', 'sms')),
    provider text NOT NULL,
    units int NOT NULL CHECK (units > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    base_micros bigint NOT NULL CHECK (base_micros >= 0),
    markup_percent numeric(5, 2) NOT NULL,
    markup_micros bigint NOT NULL CHECK (markup_micros >= 0),
    run_id text NOT NULL,
    occurred_at timestamptz NOT NULL
);
CREATE INDEX usage_log_month ON outbound.usage_log (workspace_id, occurred_at);
CREATE INDEX usage_log_occurred ON outbound.usage_log (occurred_at);
CREATE TABLE outbound.usage_statements (
    workspace_id uuid NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    channel text NOT NULL CHECK (channel IN ('email', 'sms')),
    currency text NOT NULL,
    deliveries int NOT NULL,
    units int NOT NULL,
    base_micros bigint NOT NULL,
    markup_micros bigint NOT NULL,
    total_minor bigint NOT NULL,
    run_id text NOT NULL,
    closed_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, month, channel, currency)
);

ALTER TABLE market.notices DROP CONSTRAINT notices_kind_check;
ALTER TABLE market.notices ADD CONSTRAINT notices_kind_check
CHECK (kind IN ('low_balance', 'card_declined', 'recharged', 'refunded', 'endpoint_disabled'));

COMMENT ON TABLE outbound.destinations IS
'One row per receiver of messages: a person or company on one channel, with what it wants to be told and when not.';
COMMENT ON COLUMN outbound.destinations.address_sealed IS
'Address, number or URL, encrypted (CREDENTIAL_KEYS). Null: the e-mail of its user, else of its buyer.';
COMMENT ON COLUMN outbound.destinations.shown IS 'The address as people are shown it: masked, or the host of a URL.';
COMMENT ON COLUMN outbound.destinations.secret_sealed IS 'What webhooks are signed with (whsec_...), encrypted.';
COMMENT ON COLUMN outbound.destinations.previous_secret_sealed IS 'The secret before the last rotation, until then.';
COMMENT ON COLUMN outbound.destinations.retry_at IS 'While it fails: nothing is sent to it before.';
COMMENT ON VIEW outbound.receivers IS 'One row per destination that is told now.';
COMMENT ON TABLE outbound.deliveries IS
'One row per message, written by what decides it. Its id follows from kind, subject, destination, content version.';
COMMENT ON COLUMN outbound.deliveries.subject IS 'What it is about, such as lead/<id> or notice/<id>.';
COMMENT ON COLUMN outbound.deliveries.payload IS 'JSON of what is sent, fixed before the first attempt.';
COMMENT ON COLUMN outbound.deliveries.state IS
'intended: surely not there; sent: on its way, or taken by the provider; unknown: the answer was lost; confirmed; '
'failed: refused for good; dead: given up; skipped: there was no way to send it.';
COMMENT ON COLUMN outbound.deliveries.resends IS
'Sends made without knowing whether the one before had arrived, to a receiver that can neither be asked nor tell.';
COMMENT ON COLUMN outbound.deliveries.attempts IS 'Sends since it was written down, or last replayed.';
COMMENT ON COLUMN outbound.deliveries.replays IS 'How often people put it back; by whom last, in replayed_by.';
COMMENT ON TABLE outbound.delivery_attempts IS 'One row per call about a delivery, written before it is made.';
COMMENT ON TABLE outbound.usage_log IS 'One row per e-mail or SMS that a provider took, with what it cost.';
COMMENT ON COLUMN outbound.usage_log.base_micros IS 'Millionths of a unit of the currency (1 USD = 1,000,000).';
COMMENT ON TABLE outbound.usage_statements IS
'One row per workspace, month in UTC, channel and currency, once the month ended.';

GRANT SELECT (
    destination_id, workspace_id, buyer_id, user_id, manager_id, channel, shown, kinds, time_zone, quiet_from,
    quiet_until, summary_hour, opted_in_at, status, status_reason, failures, failing_since, retry_at, created_at,
    updated_at, deleted_at, previous_secret_until
) ON outbound.destinations TO lead_pipeline_api, lead_pipeline_analyst;
GRANT SELECT ON outbound.deliveries TO lead_pipeline_api;
GRANT SELECT (
    delivery_id, seq, workspace_id, buyer_id, destination_id, channel, kind, subject, lead_id, content_version, state,
    attempts, resends, replays, replayed_at, provider, provider_id, error, day, run_id, intended_at, next_attempt_at,
    attempted_at, settled_at
) ON outbound.deliveries TO lead_pipeline_analyst;
GRANT SELECT ON outbound.delivery_attempts, outbound.usage_log, outbound.usage_statements
TO lead_pipeline_api, lead_pipeline_analyst;
DO $$
DECLARE
    one record;
    whole text := '(SELECT core.acts_for_workspace())';
    mine text := 'workspace_id = (SELECT core.current_workspace())';
BEGIN
    FOR one IN SELECT * FROM (VALUES
        ('outbound.destinations', mine, 'buyer_id = (SELECT core.current_buyer())'),
        ('outbound.deliveries', mine, 'buyer_id = (SELECT core.current_buyer())'),
        ('outbound.delivery_attempts',
            'EXISTS (SELECT 1 FROM outbound.deliveries d WHERE d.delivery_id = delivery_attempts.delivery_id)', 'true'),
        ('outbound.usage_log', mine, 'buyer_id = (SELECT core.current_buyer())'),
        ('outbound.usage_statements', mine, 'false')
    ) AS tables (name, condition, others) LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', one.name);
        EXECUTE format('CREATE POLICY own_workspace ON %s FOR SELECT TO lead_pipeline_api, lead_pipeline_analyst '
            'USING (%s)', one.name, one.condition);
        EXECUTE format('CREATE POLICY own_part ON %s AS RESTRICTIVE FOR SELECT TO lead_pipeline_api '
            'USING (%s OR %s)', one.name, whole, one.others);
    END LOOP;
END $$;
"""

DOWN = """
-- What dbt built hangs on the tables that go; dbt builds it again.
DROP SCHEMA IF EXISTS analytics CASCADE;
CREATE SCHEMA analytics;
DELETE FROM market.notices WHERE kind = 'endpoint_disabled';
ALTER TABLE market.notices DROP CONSTRAINT notices_kind_check;
ALTER TABLE market.notices ADD CONSTRAINT notices_kind_check
CHECK (kind IN ('low_balance', 'card_declined', 'recharged', 'refunded'));
DROP TABLE outbound.usage_statements, outbound.usage_log, outbound.delivery_attempts, outbound.deliveries;
ALTER TABLE market.sellers DROP COLUMN sms_markup_percent, DROP COLUMN email_markup_percent;
DROP FUNCTION outbound.delivery_id(text, text, uuid, int);
DROP TRIGGER keep_buyer_told ON market.buyers;
DROP TRIGGER keep_member_told ON core.memberships;
DROP FUNCTION outbound.keep_buyer_told(), outbound.keep_member_told();
DROP VIEW outbound.receivers;
DROP TABLE outbound.destinations;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
