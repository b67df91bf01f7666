{{ config(materialized='table') }}
-- A table: the planner takes a join by spans of time for one row, and would then loop.
-- Whole weeks and months: from the Monday before the first of the month two months ago.
with buyers as (
    select
        buyers.*,
        workspaces.time_zone,
        {{ as_of() }} at time zone workspaces.time_zone as local_now
    from {{ ref('stg_buyers') }} as buyers
    inner join {{ ref('stg_workspaces') }} as workspaces on buyers.workspace_id = workspaces.workspace_id
),

days as (
    select
        buyers.buyer_id,
        buyers.workspace_id,
        cast(series.day as date) as day,
        cast(date_trunc('month', buyers.local_now) - interval '2 months' as date) as first_day,
        least((series.day + interval '1 day') at time zone buyers.time_zone, {{ as_of() }}) as ends_at
    from buyers
    cross join
        generate_series(
            greatest(
                date_trunc('week', date_trunc('month', buyers.local_now) - interval '2 months'),
                date_trunc('day', buyers.created_at at time zone buyers.time_zone)
            ),
            buyers.local_now,
            interval '1 day'
        ) as series (day)
),

limits as (
    select
        *,
        lead(valid_from, 1, 'infinity') over (partition by buyer_id order by version) as valid_to
    from {{ ref('stg_buyer_versions') }}
)

select
    days.buyer_id,
    days.workspace_id,
    days.day,
    days.day >= days.first_day as is_reported,
    days.ends_at,
    limits.weekly_limit_minor,
    limits.monthly_limit_minor
from days
left join limits
    on
        days.buyer_id = limits.buyer_id
        and days.ends_at > limits.valid_from
        and days.ends_at <= limits.valid_to
