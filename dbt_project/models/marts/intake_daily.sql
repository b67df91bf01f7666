with drops as (
    select
        *,
        coalesce(event_type, kind) as event_name,
        extract(epoch from settled_at - received_at) as seconds_to_settle
    from {{ ref('stg_drops') }}
    where kind not in ('vendor_page', 'vendor_answer')
)

select
    day,
    source,
    event_name as event_type,
    count(*) as drops,
    count(*) filter (where stage = 'quarantined') as refused_drops,
    count(*) filter (where stage not in ('routed', 'kept', 'quarantined')) as waiting_drops,
    cast(sum(received_rows) as bigint) as received_rows,
    cast(sum(accepted_rows) as bigint) as accepted_rows,
    cast(sum(duplicate_rows) as bigint) as duplicate_rows,
    cast(sum(quarantined_rows) as bigint) as quarantined_rows,
    round(
        cast(percentile_cont(0.5) within group (order by seconds_to_settle) as numeric), 1
    ) as median_seconds_to_settle,
    round(
        cast(percentile_cont(0.95) within group (order by seconds_to_settle) as numeric), 1
    ) as p95_seconds_to_settle
from drops
group by day, source, event_name
