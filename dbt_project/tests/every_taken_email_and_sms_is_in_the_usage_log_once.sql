-- A returned row is an e-mail or SMS that a provider took and that is not in the usage log exactly once, or one that
-- is in it although nobody took it. What was refused may have been taken first, and bounced.
with taken as (
    select
        deliveries.delivery_id,
        bool_or(attempts.outcome in ('confirmed', 'accepted')) as was_kept
    from {{ ref('stg_deliveries') }} as deliveries
    inner join {{ ref('stg_delivery_attempts') }} as attempts on deliveries.delivery_id = attempts.delivery_id
    where deliveries.channel in ('email', 'sms') and attempts.outcome in ('confirmed', 'accepted', 'refused')
    group by deliveries.delivery_id
),

logged as (
    select
        delivery_id,
        count(*) as entries
    from {{ ref('stg_usage_log') }}
    group by delivery_id
)

select
    taken.delivery_id as taken_delivery_id,
    logged.delivery_id as logged_delivery_id,
    logged.entries
from taken
full outer join logged on taken.delivery_id = logged.delivery_id
where taken.delivery_id is null or logged.entries > 1 or (taken.was_kept and logged.entries is null)
