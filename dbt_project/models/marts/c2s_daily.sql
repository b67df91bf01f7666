with events as (
    select
        day,
        status,
        coalesce(hook_action, 'none') as hook_action
    from {{ ref('stg_webhook_events') }}
),

days as (
    select cast(generate_series(min(day), max(day), interval '1 day') as date) as day
    from events
),

actions as (
    select distinct hook_action from events
),

counted as (
    select
        days.day,
        actions.hook_action,
        count(events.status) as total,
        count(events.status) filter (where events.status = 'completed') as completed,
        count(events.status) filter (where events.status = 'failed') as failed,
        count(events.status) filter (where events.status = 'pending') as pending
    from days
    cross join actions
    left join events on days.day = events.day and actions.hook_action = events.hook_action
    group by days.day, actions.hook_action
)

select
    day,
    hook_action,
    total,
    completed,
    failed,
    pending,
    {{ percentage('completed', 'total', decimals=1) }} as success_rate
from counted
