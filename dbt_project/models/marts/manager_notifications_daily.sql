with closings as (
    select
        workspace_id,
        cast(noted_at at time zone 'UTC' as date) as day,
        count(*) as closings,
        count(*) filter (where outcome = 'notified') as notified,
        count(*) filter (where outcome = 'repeated') as repeated,
        count(*) filter (where outcome = 'no_manager') as without_manager,
        count(*) filter (where outcome = 'no_realtor') as without_realtor,
        sum(managers) as managers
    from {{ ref('stg_manager_notifications') }}
    group by workspace_id, cast(noted_at at time zone 'UTC' as date)
),

notices as (
    select
        workspace_id,
        day,
        count(*) as messages,
        count(*) filter (where state = 'confirmed') as confirmed,
        count(*) filter (where state in ('failed', 'dead')) as undelivered,
        count(*) filter (where state = 'skipped') as skipped,
        count(*) filter (where is_open) as open,
        {{ percentile_seconds('seconds_to_confirmation', 0.95) }} as p95_seconds
    from {{ ref('fct_deliveries') }}
    where kind = 'manager_notice'
    group by workspace_id, day
)

select
    coalesce(closings.workspace_id, notices.workspace_id) as workspace_id,
    coalesce(closings.day, notices.day) as day,
    coalesce(closings.closings, 0) as closings,
    coalesce(closings.notified, 0) as notified,
    coalesce(closings.repeated, 0) as repeated,
    coalesce(closings.without_manager, 0) as without_manager,
    coalesce(closings.without_realtor, 0) as without_realtor,
    coalesce(closings.managers, 0) as managers,
    coalesce(notices.messages, 0) as messages,
    coalesce(notices.confirmed, 0) as confirmed,
    coalesce(notices.undelivered, 0) as undelivered,
    coalesce(notices.skipped, 0) as skipped,
    coalesce(notices.open, 0) as open,
    {{ percentage('notices.confirmed', '(notices.confirmed + notices.undelivered)') }} as success_rate,
    notices.p95_seconds
from closings
full outer join notices on closings.workspace_id = notices.workspace_id and closings.day = notices.day
