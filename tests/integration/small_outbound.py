"""What left `small_market`, small enough to be reckoned by hand: rows by SQL, as the steps would write them. No test.

At noon (UTC) of 9 March. B1 takes webhooks and is promised 90 % of them within a minute: 1 arrives in time, 2 late, 3
is given up and was put back before, 4 arrives at the second send, which was made without knowing, 5 waits. B2 takes
e-mail, but not from 22:00 to 07:00 in New York, where the clocks go forward on the 8th; it is promised 95 %: 6 waits
for the morning, 7 bounces, 8 was taken by the provider an hour ago. The seller's own people take SMS, 9, one of which
there was no way to send, 10; managers' Slack is disabled, 11, after it took 12. B3 wants no more, 13. 14 and 15 are of
February, which has its statement: 0.948 and 0.046 cents are one cent together.
"""

import psycopg

from tests.integration.small_market import BUYERS, WORKSPACE

AS_OF = "2026-03-09T12:00:00+00:00"
_B1, _B2, _B3 = BUYERS.values()

WORLD = f"""
-- Buyers with an address are told by e-mail: not in this world.
DELETE FROM outbound.destinations;
INSERT INTO outbound.destinations (destination_id, workspace_id, buyer_id, channel, address_sealed, secret_sealed,
    kinds, quiet_from, quiet_until, opted_in_at, status, status_reason, failures, failing_since, deleted_at)
SELECT ('00000000-0000-0000-0000-0000000000d' || n)::uuid, '{WORKSPACE}', buyer::uuid, channel, '\\x00',
    CASE channel WHEN 'webhook' THEN '\\x00'::bytea END, '{{new_lead}}',
    CASE n WHEN 2 THEN '22:00'::time END, CASE n WHEN 2 THEN '07:00'::time END,
    CASE channel WHEN 'sms' THEN '2026-02-01Z'::timestamptz END,
    CASE n WHEN 4 THEN 'disabled' ELSE 'active' END, CASE n WHEN 4 THEN 'it is gone' END,
    CASE n WHEN 4 THEN 7 ELSE 0 END, CASE n WHEN 4 THEN '2026-03-09 08:30Z'::timestamptz END,
    CASE n WHEN 5 THEN '2026-03-09 08:00Z'::timestamptz END
FROM (VALUES (1, '{_B1}', 'webhook'), (2, '{_B2}', 'email'), (3, NULL, 'sms'), (4, NULL, 'slack'),
    (5, '{_B3}', 'email')) d (n, buyer, channel);
INSERT INTO outbound.service_targets (workspace_id, buyer_id, channel, objective_percentage, within_seconds,
    window_days)
VALUES ('{WORKSPACE}', NULL, 'webhook', 90, 60, 7), ('{WORKSPACE}', '{_B2}', NULL, 95, 600, 28);

INSERT INTO outbound.deliveries (delivery_id, workspace_id, buyer_id, destination_id, channel, kind, subject, lead_id,
    payload, state, attempts, resends, replays, error, day, run_id, intended_at, next_attempt_at, settled_at)
SELECT ('00000000-0000-0000-0000-0000000000' || n)::uuid, d.workspace_id, d.buyer_id, d.destination_id, d.channel,
    m.kind, 'subject/' || n, ('00000000-0000-0000-0000-00000000000' || m.lead)::uuid, 'Dear Ada', m.state, 0,
    m.resends, (n = '03')::int, CASE WHEN m.state IN ('failed', 'dead', 'skipped') THEN 'why' END,
    ('2026-' || m.at)::date, 'r', ('2026-' || m.at || 'Z')::timestamptz,
    CASE WHEN m.settled IS NULL THEN '2026-03-09 12:01Z'::timestamptz END, ('2026-' || m.settled || 'Z')::timestamptz
FROM (VALUES
    ('01', 1, 'new_lead', 1, 'confirmed', 0, '03-08 10:00:00', '03-08 10:00:05'),
    ('02', 1, 'hot_lead', 3, 'confirmed', 0, '03-08 10:00:00', '03-08 10:05:00'),
    ('03', 1, 'low_balance', NULL, 'dead', 0, '03-08 11:00:00', '03-08 11:00:30'),
    ('04', 1, 'recharged', NULL, 'confirmed', 1, '03-09 11:30:00', '03-09 11:30:02'),
    ('05', 1, 'daily_summary', NULL, 'intended', 0, '03-09 11:59:30', NULL),
    ('06', 2, 'new_lead', 2, 'confirmed', 0, '03-08 05:00:00', '03-08 11:00:20'),
    ('07', 2, 'new_lead', 4, 'failed', 0, '03-08 12:00:00', '03-08 12:00:20'),
    ('08', 2, 'daily_summary', NULL, 'sent', 0, '03-09 11:00:00', NULL),
    ('09', 3, 'low_balance', NULL, 'confirmed', 0, '03-09 10:00:00', '03-09 10:00:30'),
    ('10', 3, 'card_declined', NULL, 'skipped', 0, '03-09 10:01:00', '03-09 10:01:00'),
    ('11', 4, 'manager_notice', NULL, 'dead', 0, '03-09 09:00:00', '03-09 09:00:10'),
    ('12', 4, 'manager_notice', NULL, 'confirmed', 0, '03-09 08:00:00', '03-09 08:00:02'),
    ('13', 5, 'new_lead', 5, 'skipped', 0, '03-09 07:00:00', '03-09 08:00:00'),
    ('14', 3, 'low_balance', NULL, 'confirmed', 0, '02-01 12:00:00', '02-01 12:00:01'),
    ('15', 2, 'daily_summary', NULL, 'confirmed', 0, '02-01 15:00:00', '02-01 15:00:01')
) m (n, receiver, kind, lead, state, resends, at, settled)
JOIN outbound.destinations d ON right(d.destination_id::text, 1) = m.receiver::text;
INSERT INTO outbound.delivery_attempts (delivery_id, attempt_no, action, outcome, status, run_id, attempted_at)
SELECT ('00000000-0000-0000-0000-0000000000' || n)::uuid, number, action, outcome, status, 'r',
    ('2026-' || at || 'Z')::timestamptz
FROM (VALUES
    ('01', 1, 'send', 'confirmed', 200, '03-08 10:00:00'),
    ('02', 1, 'send', 'unavailable', 503, '03-08 10:00:01'), ('02', 2, 'send', 'confirmed', 200, '03-08 10:04:59'),
    ('03', 1, 'send', 'unavailable', NULL, '03-08 11:00:00'),
    ('04', 1, 'send', 'unknown', NULL, '03-09 11:30:00'), ('04', 2, 'send', 'confirmed', 204, '03-09 11:30:01'),
    ('06', 1, 'send', 'accepted', 200, '03-08 11:00:01'), ('06', 2, 'ask', 'confirmed', 200, '03-08 11:00:20'),
    ('07', 1, 'send', 'accepted', 200, '03-08 12:00:01'), ('07', 2, 'ask', 'refused', 200, '03-08 12:00:20'),
    ('08', 1, 'send', 'accepted', 200, '03-09 11:00:01'),
    ('09', 1, 'send', 'accepted', 201, '03-09 10:00:01'), ('09', 2, 'ask', 'confirmed', 200, '03-09 10:00:30'),
    ('12', 1, 'send', 'confirmed', 200, '03-09 08:00:01'),
    ('14', 1, 'send', 'confirmed', 201, '02-01 12:00:01'), ('15', 1, 'send', 'confirmed', 200, '02-01 15:00:01')
) a (n, number, action, outcome, status, at);

INSERT INTO outbound.usage_log (delivery_id, workspace_id, buyer_id, channel, provider, units, currency, base_micros,
    markup_percent, markup_micros, run_id, occurred_at)
SELECT d.delivery_id, d.workspace_id, d.buyer_id, d.channel, 'sandbox', units, 'USD', base, percent, markup, 'r',
    a.attempted_at
FROM (VALUES ('06', 1, 400, 15, 60), ('07', 1, 400, 15, 60), ('08', 1, 400, 15, 60), ('09', 2, 15800, 20, 3160),
    ('14', 1, 7900, 20, 1580), ('15', 1, 400, 15, 60)) u (n, units, base, percent, markup)
JOIN outbound.deliveries d ON right(d.delivery_id::text, 2) = n
JOIN outbound.delivery_attempts a ON a.delivery_id = d.delivery_id AND attempt_no = 1;
INSERT INTO outbound.usage_statements (workspace_id, month, channel, currency, deliveries, units, base_micros,
    markup_micros, total_minor, run_id, closed_at)
VALUES ('{WORKSPACE}', '2026-02-01', 'email', 'USD', 1, 1, 400, 60, 0, 'r', '2026-03-01 01:00Z'),
    ('{WORKSPACE}', '2026-02-01', 'sms', 'USD', 1, 1, 7900, 1580, 1, 'r', '2026-03-01 01:00Z');

INSERT INTO outbound.manager_notifications (drop_id, workspace_id, crm_lead_id, realtor, outcome, managers,
    deliveries, run_id, noted_at)
VALUES (1, '{WORKSPACE}', 'c1', 'ada@realtors.example', 'notified', 1, 2, 'r', '2026-03-09 08:00Z'),
    (2, '{WORKSPACE}', 'c2', 'bob@realtors.example', 'no_manager', 0, 0, 'r', '2026-03-09 08:00Z'),
    (3, '{WORKSPACE}', 'c1', 'ada@realtors.example', 'repeated', 0, 0, 'r', '2026-03-08 08:00Z');
INSERT INTO outbound.crm_messages (enrichment_id, workspace_id, crm_lead_id, reference, body_sealed, state, attempts,
    intended_at, attempted_at, sent_at)
SELECT gen_random_uuid(), '{WORKSPACE}', n, n, '\\x00', state, attempts, '2026-03-08 10:00Z',
    CASE WHEN attempts > 0 THEN '2026-03-08 10:00:20Z'::timestamptz END,
    '2026-03-08 10:00Z'::timestamptz + seconds * interval '1 second'
FROM (VALUES (1, 'sent', 2, 40), (2, 'sent', 1, 20), (3, 'failed', 1, NULL), (4, 'unknown', 1, NULL),
    (5, 'intended', 0, NULL)) c (n, state, attempts, seconds);
"""
PLATFORMS = f"""
INSERT INTO outbound.platform_accounts (workspace_id, platform, provider, url, credentials_sealed, updated_by,
    updated_at)
VALUES ('{WORKSPACE}', 'finance-platform', 'hubspot', 'https://api.hubspot.example', '\\x00', 'r', '2026-03-01Z');
INSERT INTO outbound.upload_batches (batch_key, workspace_id, platform, band, day, status, run_id, intended_at,
    settled_at)
VALUES ('b1', '{WORKSPACE}', 'finance-platform', 'hot', '2026-03-01', 'confirmed', 'r', '2026-03-08Z', '2026-03-09Z'),
    ('b2', '{WORKSPACE}', 'healthcare-platform', 'warm', '2026-03-01', 'failed', 'r', '2026-03-08Z', '2026-03-09Z');
INSERT INTO outbound.platform_uploads (lead_id, batch_key, payload, status, reason, settled_at)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, batch, '{{}}', status,
    CASE WHEN status <> 'confirmed' THEN 'why' END, ('2026-' || at || 'Z')::timestamptz
FROM (VALUES (1, 'b1', 'confirmed', '03-08 23:59:59'), (2, 'b1', 'rejected', '03-08 23:59:59'),
    (3, 'b1', 'confirmed', '03-09 00:00:01'), (4, 'b2', 'failed', '03-09 00:00:00')) u (n, batch, status, at);
INSERT INTO outbound.billing_events (lead_id, kind, workspace_id, platform, occurred_at)
SELECT lead_id, 'platform_upload', '{WORKSPACE}', 'finance-platform', settled_at
FROM outbound.platform_uploads WHERE status = 'confirmed';
UPDATE core.intent_scores SET band = 'hot';
INSERT INTO outbound.upload_attempts (batch_key, attempt_no, action, outcome, run_id, attempted_at)
VALUES ('b1', 1, 'send', 'unavailable', 'r', '2026-03-08 23:59Z'), ('b1', 2, 'send', 'unknown', 'r',
    '2026-03-08 23:59Z'), ('b1', 3, 'ask', 'confirmed', 'r', '2026-03-09 00:00Z'),
    ('b2', 1, 'send', 'refused', 'r', '2026-03-09 00:00Z'), ('b2', 2, 'send', NULL, 'r', '2026-03-09 00:00Z');
INSERT INTO outbound.platform_access_log (lead_id, workspace_id, platform, batch_key, host, fields, run_id, occurred_at)
SELECT '00000000-0000-0000-0000-000000000004', '{WORKSPACE}', 'healthcare-platform', 'b2', 'health.example', fields,
    'r', '2026-03-09 00:00Z'
FROM (VALUES ('{{name,city}}'::text[]), ('{{city,state}}')) f (fields);

INSERT INTO core.topics (topic_id, name, trend_direction)
VALUES ('00000000-0000-0000-0000-000000000071', 'payments', 'up');
INSERT INTO core.topic_trends (topic_id, week_start, volume, previous_volume, change_percentage, direction, run_id,
    computed_at)
SELECT topic_id, week::date, found, before, change, 'up', 'r', '2026-03-08 03:00Z'
FROM core.topics, (VALUES ('2026-02-16', 10, 0, NULL), ('2026-02-23', 12, 10, 20.0)) t (week, found, before, change);
INSERT INTO market.credit_resets (day, users, credits, run_id, reset_at)
VALUES ('2026-03-07', 3, 40, 'r', '2026-03-07 00:00:05Z'), ('2026-03-09', 4, 0, 'r', '2026-03-09 00:10Z');
"""
# Twenty of the seller's own SMS within the hour before AS_OF, given up at once.
BURN = f"""
INSERT INTO outbound.deliveries (delivery_id, workspace_id, destination_id, channel, kind, subject, state, error, day,
    run_id, intended_at, settled_at)
SELECT gen_random_uuid(), '{WORKSPACE}', '00000000-0000-0000-0000-0000000000d3', 'sms', 'low_balance', n, 'dead',
    'gone', '2026-03-09', 'r', '{AS_OF}'::timestamptz - n * interval '1 minute',
    '{AS_OF}'::timestamptz - n * interval '1 minute'
FROM generate_series(1, 20) n
"""
# One row against each promise that a singular test keeps, on any database with this workspace whose marts are built.
BROKEN_PROMISES = f"""
INSERT INTO outbound.deliveries (delivery_id, workspace_id, buyer_id, destination_id, channel, kind, subject, lead_id,
    state, day, run_id, intended_at, settled_at)
SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, '{WORKSPACE}', '{_B1}', gen_random_uuid(), 'email',
    'new_lead', n, '00000000-0000-0000-0000-000000000002', 'confirmed', '2026-03-05', 'r', '2026-03-05Z', '2026-03-05Z'
FROM generate_series(1, 2) n;
INSERT INTO outbound.delivery_attempts (delivery_id, attempt_no, action, outcome, run_id, attempted_at)
VALUES ('00000000-0000-0000-0000-000000000002', 1, 'send', 'confirmed', 'r', '2026-03-05Z');
INSERT INTO outbound.usage_statements (workspace_id, month, channel, currency, deliveries, units, base_micros,
    markup_micros, total_minor, run_id, closed_at)
VALUES ('{WORKSPACE}', '2026-02-01', 'email', 'USD', 1, 1, 400, 60, 0, 'r', '2026-03-01Z');
INSERT INTO analytics.buyer_service_levels (audience_id, workspace_id, channel, target_id, objective_percentage,
    within_seconds, window_days, messages, good, messages_1h, messages_6h, messages_3d, is_burning_fast,
    is_burning_slowly)
VALUES ('{WORKSPACE}', '{WORKSPACE}', 'email', 1, 99, 600, 28, 20, 0, 20, 20, 20, true, true);
"""


def fill(conn: psycopg.Connection) -> None:
    """What left, on a database that holds `small_market`."""
    conn.execute(WORLD)
    conn.execute(PLATFORMS)
