with leads as (
    select * from {{ ref('fct_leads') }}
),

span as (
    select
        min(day) as first_day,
        max(day) as last_day
    from leads
),

days as (
    select cast(generate_series(first_day, last_day, interval '1 day') as date) as day
    from span
),

counted as (
    select
        days.day,
        count(leads.lead_id) as total,
        count(leads.lead_id) filter (where leads.is_routed) as routed
    from days
    left join leads on days.day = leads.day
    group by days.day
)

select
    day,
    total,
    routed,
    {{ percentage('routed', 'total') }} as routing_rate
from counted
