with deliveries as (
    select * from {{ ref('fct_deliveries') }}
),

counted as (
    select
        workspace_id,
        channel,
        kind,
        day,
        count(*) as messages,
        count(*) filter (where state = 'confirmed') as confirmed,
        count(*) filter (where state = 'failed') as failed,
        count(*) filter (where state = 'dead') as dead,
        count(*) filter (where state = 'skipped') as skipped,
        count(*) filter (where is_open) as open,
        count(*) filter (where resends > 0) as resent,
        count(*) filter (where replays > 0) as replayed,
        count(*) filter (where sends > 0) as tried,
        cast(sum(sends) as bigint) as sends,
        {{ percentile_seconds('seconds_to_confirmation', 0.5) }} as p50_seconds,
        {{ percentile_seconds('seconds_to_confirmation', 0.95) }} as p95_seconds
    from deliveries
    group by workspace_id, channel, kind, day
)

select
    workspace_id,
    channel,
    kind,
    day,
    messages,
    confirmed,
    failed,
    dead,
    skipped,
    open,
    resent,
    replayed,
    sends,
    round(1.0 * sends / nullif(tried, 0), 2) as sends_per_message,
    {{ percentage('confirmed', '(confirmed + failed + dead)') }} as success_rate,
    p50_seconds,
    p95_seconds
from counted
