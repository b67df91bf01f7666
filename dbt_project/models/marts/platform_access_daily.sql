with sends as (
    select
        *,
        cast(occurred_at at time zone 'UTC' as date) as day
    from {{ ref('stg_platform_access_log') }}
),

fields as (
    select
        sends.workspace_id,
        sends.platform,
        sends.host,
        sends.day,
        string_agg(distinct field.field_name, ', ' order by field.field_name) as field_names
    from sends
    cross join unnest(sends.fields) as field (field_name)
    group by sends.workspace_id, sends.platform, sends.host, sends.day
),

counted as (
    select
        workspace_id,
        platform,
        host,
        day,
        count(*) as sends,
        count(distinct lead_id) as leads,
        count(distinct batch_key) as batches
    from sends
    group by workspace_id, platform, host, day
)

select
    counted.workspace_id,
    counted.platform,
    counted.host,
    counted.day,
    counted.leads,
    counted.sends,
    counted.batches,
    coalesce(fields.field_names, '') as field_names
from counted
left join fields
    on
        counted.workspace_id = fields.workspace_id and counted.platform = fields.platform
        and counted.host = fields.host and counted.day = fields.day
