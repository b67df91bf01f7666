with calls as (
    select * from {{ ref('stg_vendor_calls') }}
),

counted as (
    select
        day,
        vendor,
        coalesce(sum(calls) filter (where outcome <> 'circuit_open'), 0) as calls,
        coalesce(sum(calls) filter (where outcome = 'ok'), 0) as answered,
        coalesce(sum(calls) filter (where outcome = 'refused'), 0) as refused,
        coalesce(sum(calls) filter (where outcome = 'rate_limited'), 0) as rate_limited,
        coalesce(sum(calls) filter (where outcome = 'unavailable'), 0) as unavailable,
        coalesce(sum(calls) filter (where outcome = 'unknown'), 0) as outcome_unknown,
        coalesce(sum(calls) filter (where outcome = 'circuit_open'), 0) as not_made,
        coalesce(sum(seconds) filter (where outcome <> 'circuit_open'), 0) as seconds
    from calls
    group by day, vendor
)

select
    day,
    vendor,
    cast(calls as bigint) as calls,
    cast(answered as bigint) as answered,
    cast(refused as bigint) as refused,
    cast(rate_limited as bigint) as rate_limited,
    cast(unavailable as bigint) as unavailable,
    cast(outcome_unknown as bigint) as outcome_unknown,
    cast(not_made as bigint) as not_made,
    {{ percentage('(unavailable + outcome_unknown)', 'calls') }} as failure_rate,
    round(cast(seconds as numeric) / nullif(calls, 0), 3) as average_seconds
from counted
