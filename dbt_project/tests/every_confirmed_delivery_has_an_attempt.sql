-- A returned row is a message that is said to have arrived although it was never sent, or nobody ever said that it
-- was taken; or a call about a message that was never written down.
with calls as (
    select
        delivery_id,
        bool_or(action = 'send') as was_sent,
        bool_or(outcome in ('confirmed', 'accepted')) as was_taken
    from {{ ref('stg_delivery_attempts') }}
    group by delivery_id
)

select
    deliveries.delivery_id,
    calls.delivery_id as called_delivery_id,
    calls.was_sent,
    calls.was_taken
from {{ ref('stg_deliveries') }} as deliveries
full outer join calls on deliveries.delivery_id = calls.delivery_id
where
    deliveries.delivery_id is null
    or (deliveries.state = 'confirmed' and (calls.was_sent and calls.was_taken) is not true)
