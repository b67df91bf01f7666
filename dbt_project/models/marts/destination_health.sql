with destinations as (
    select * from {{ ref('stg_destinations') }}
    where deleted_at is null
),

deliveries as (
    select
        *,
        {{ as_of() }} - settled_at as age
    from {{ ref('fct_deliveries') }}
    where state <> 'skipped' and (settled_at is null or settled_at <= {{ as_of() }})
),

counted as (
    select
        destination_id,
        count(*) filter (where is_open) as open_messages,
        count(*) filter (where age < interval '1 day') as settled_1d,
        count(*) filter (where age < interval '1 day' and state = 'confirmed') as confirmed_1d,
        count(*) filter (where age < interval '7 days') as settled_7d,
        count(*) filter (where age < interval '7 days' and state = 'confirmed') as confirmed_7d,
        count(*) filter (where age < interval '28 days') as settled_28d,
        count(*) filter (where age < interval '28 days' and state = 'confirmed') as confirmed_28d,
        cast(coalesce(sum(sends) filter (where age < interval '28 days'), 0) as bigint) as sends_28d,
        max(settled_at) filter (where state = 'confirmed') as last_confirmed_at
    from deliveries
    group by destination_id
),

latencies as (
    select
        destination_id,
        {{ percentile_seconds('seconds_to_confirmation', 0.95) }} as p95_seconds_28d
    from deliveries
    where age < interval '28 days'
    group by destination_id
)

select
    destinations.destination_id,
    destinations.workspace_id,
    destinations.buyer_id,
    destinations.channel,
    destinations.status,
    destinations.failures,
    destinations.failing_since,
    destinations.retry_at,
    coalesce(counted.open_messages, 0) as open_messages,
    coalesce(counted.settled_1d, 0) as settled_1d,
    {{ percentage('counted.confirmed_1d', 'counted.settled_1d') }} as success_rate_1d,
    coalesce(counted.settled_7d, 0) as settled_7d,
    {{ percentage('counted.confirmed_7d', 'counted.settled_7d') }} as success_rate_7d,
    coalesce(counted.settled_28d, 0) as settled_28d,
    {{ percentage('counted.confirmed_28d', 'counted.settled_28d') }} as success_rate_28d,
    latencies.p95_seconds_28d,
    coalesce(counted.sends_28d, 0) as sends_28d,
    round(1.0 * counted.sends_28d / nullif(counted.settled_28d, 0), 2) as sends_per_message_28d,
    counted.last_confirmed_at
from destinations
left join counted on destinations.destination_id = counted.destination_id
left join latencies on destinations.destination_id = latencies.destination_id
