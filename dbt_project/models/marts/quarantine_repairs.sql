with drops as (
    select * from {{ ref('stg_drops') }}
),

quarantined as (
    select * from {{ ref('stg_quarantined_rows') }}
),

failed as (
    select
        drops.workspace_id,
        drops.source,
        failed_check.name as check_name,
        quarantined.status,
        quarantined.quarantined_at,
        case
            when quarantined.status = 'repaired'
                then extract(epoch from quarantined.settled_at - quarantined.quarantined_at) / 3600
        end as hours_to_repair
    from quarantined
    inner join drops on quarantined.drop_id = drops.drop_id
    cross join unnest(quarantined.checks) as failed_check (name)
)

select
    workspace_id,
    source,
    check_name,
    count(*) as quarantined_rows,
    count(*) filter (where status = 'waiting') as waiting_rows,
    count(*) filter (where status = 'repaired') as repaired_rows,
    count(*) filter (where status = 'discarded') as discarded_rows,
    round(
        cast(percentile_cont(0.5) within group (order by hours_to_repair) as numeric), 2
    ) as median_hours_to_repair,
    round(
        cast(percentile_cont(0.95) within group (order by hours_to_repair) as numeric), 2
    ) as p95_hours_to_repair,
    min(quarantined_at) filter (where status = 'waiting') as oldest_waiting_at
from failed
group by workspace_id, source, check_name
