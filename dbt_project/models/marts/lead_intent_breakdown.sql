with workspaces as (
    select * from {{ ref('dim_workspaces') }}
),

leads as (
    select * from {{ ref('fct_leads') }}
),

counted as (
    select
        workspaces.workspace_id,
        count(*) filter (where leads.band = 'hot') as hot_count,
        count(*) filter (where leads.band = 'warm') as warm_count,
        count(*) filter (where leads.band = 'cold') as cold_count,
        count(leads.band) as total_count
    from workspaces
    left join leads on workspaces.workspace_id = leads.workspace_id
    group by workspaces.workspace_id
)

select
    workspace_id,
    hot_count,
    warm_count,
    cold_count,
    total_count,
    {{ percentage('hot_count', 'total_count') }} as hot_percentage,
    {{ percentage('warm_count', 'total_count') }} as warm_percentage,
    {{ percentage('cold_count', 'total_count') }} as cold_percentage
from counted
