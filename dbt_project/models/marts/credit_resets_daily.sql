with resets as (
    select * from {{ ref('stg_credit_resets') }}
),

days as (
    select
        cast(
            generate_series(min(day), cast({{ as_of() }} at time zone 'UTC' as date), interval '1 day') as date
        ) as day
    from resets
)

select
    days.day,
    resets.day is not null as is_reset,
    coalesce(resets.users, 0) as reset_users,
    coalesce(resets.credits, 0) as reset_credits,
    round(extract(epoch from resets.reset_at - (days.day at time zone 'UTC'))) as seconds_after_midnight,
    resets.reset_at
from days
left join resets on days.day = resets.day
