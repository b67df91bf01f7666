{{ config(materialized='table') }}
-- A table: the planner takes a join by spans of time for one row, and would then loop.
with days as (
    select * from {{ ref('int_buyer_days') }}
    where is_reported
),

versions as (
    select
        *,
        lead(valid_from, 1, 'infinity') over (partition by subscription_id order by version) as valid_to
    from {{ ref('stg_subscription_versions') }}
)

select
    versions.subscription_id,
    days.buyer_id,
    days.day,
    versions.daily_cap
from days
inner join versions
    on
        days.buyer_id = versions.buyer_id
        and days.ends_at > versions.valid_from
        and days.ends_at <= versions.valid_to
where versions.status = 'ACTIVE' and versions.daily_cap is not null
