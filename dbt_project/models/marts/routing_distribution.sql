with leads as (
    select * from {{ ref('fct_leads') }}
    where destination_workspace_id is not null
),

workspaces as (
    select * from {{ ref('dim_workspaces') }}
)

select
    leads.destination_workspace_id,
    workspaces.workspace_name as destination_workspace_name,
    leads.routing_reason,
    leads.is_routed,
    count(*) as lead_count
from leads
left join workspaces on leads.destination_workspace_id = workspaces.workspace_id
group by leads.destination_workspace_id, workspaces.workspace_name, leads.routing_reason, leads.is_routed
