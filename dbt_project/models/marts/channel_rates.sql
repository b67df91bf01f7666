with deliveries as (
    select
        channel,
        day,
        state,
        sends,
        seconds_to_confirmation
    from {{ ref('fct_deliveries') }}
),

days as (
    select cast(generate_series(min(day), max(day), interval '1 day') as date) as day
    from deliveries
),

counted as (
    select
        days.day,
        channels.channel,
        count(deliveries.state) as messages,
        count(*) filter (where deliveries.state = 'confirmed') as confirmed,
        count(*) filter (where deliveries.state = 'failed') as failed,
        count(*) filter (where deliveries.state = 'dead') as dead,
        count(*) filter (where deliveries.state = 'skipped') as skipped,
        count(*) filter (where deliveries.sends > 0) as tried,
        cast(coalesce(sum(deliveries.sends), 0) as bigint) as sends,
        {{ percentile_seconds('deliveries.seconds_to_confirmation', 0.95) }} as p95_seconds
    from days
    cross join (values ('email'), ('sms'), ('slack'), ('webhook')) as channels (channel)
    left join deliveries on days.day = deliveries.day and channels.channel = deliveries.channel
    group by days.day, channels.channel
)

select
    day,
    channel,
    messages,
    confirmed,
    failed,
    dead,
    skipped,
    messages - confirmed - failed - dead - skipped as open,
    {{ percentage('confirmed', '(confirmed + failed + dead)') }} as success_rate,
    sends,
    round(1.0 * sends / nullif(tried, 0), 2) as sends_per_message,
    p95_seconds
from counted
