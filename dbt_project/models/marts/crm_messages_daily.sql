with messages as (
    select
        *,
        cast(intended_at at time zone 'UTC' as date) as day,
        extract(epoch from sent_at - intended_at) as seconds_to_sent
    from {{ ref('stg_crm_messages') }}
),

counted as (
    select
        workspace_id,
        day,
        count(*) as messages,
        count(*) filter (where state = 'sent') as sent,
        count(*) filter (where state = 'failed') as failed,
        count(*) filter (where state = 'unknown') as outcome_unknown,
        count(*) filter (where state = 'intended') as waiting,
        count(*) filter (where attempts > 0) as tried,
        sum(attempts) as attempts,
        {{ percentile_seconds('seconds_to_sent', 0.5) }} as p50_seconds,
        {{ percentile_seconds('seconds_to_sent', 0.95) }} as p95_seconds
    from messages
    group by workspace_id, day
)

select
    workspace_id,
    day,
    messages,
    sent,
    failed,
    outcome_unknown,
    waiting,
    {{ percentage('sent', '(sent + failed)') }} as success_rate,
    attempts,
    round(1.0 * attempts / nullif(tried, 0), 2) as attempts_per_message,
    p50_seconds,
    p95_seconds
from counted
