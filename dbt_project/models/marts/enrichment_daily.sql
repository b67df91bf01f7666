with outcomes as (
    select * from {{ ref('enrichment_outcomes') }}
),

counted as (
    select
        day,
        vendor,
        sum(leads) as leads,
        coalesce(sum(leads) filter (where status = 'completed'), 0) as completed,
        coalesce(sum(leads) filter (where status = 'skipped'), 0) as skipped,
        coalesce(sum(leads) filter (where status = 'failed'), 0) as failed,
        coalesce(sum(leads) filter (where status = 'pending'), 0) as pending,
        sum(leads) filter (where status in ('completed', 'failed')) as asked,
        sum(seconds_to_settle) filter (where status in ('completed', 'failed')) as seconds,
        sum(contacts) filter (where status = 'completed') as contacts
    from outcomes
    group by day, vendor
)

select
    day,
    vendor,
    cast(leads as bigint) as leads,
    cast(completed as bigint) as completed,
    cast(skipped as bigint) as skipped,
    cast(failed as bigint) as failed,
    cast(pending as bigint) as pending,
    {{ percentage('completed', 'asked') }} as success_rate,
    round(seconds / nullif(asked, 0), 1) as average_seconds_to_settle,
    round(contacts / nullif(completed, 0), 2) as contacts_per_lead
from counted
