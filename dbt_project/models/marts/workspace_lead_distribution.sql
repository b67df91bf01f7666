with workspaces as (
    select * from {{ ref('dim_workspaces') }}
),

leads as (
    select
        *,
        -- 168 hours, not 7 days: a change of the server's clocks would move the border.
        received_at > {{ as_of() }} - interval '168 hours' and received_at <= {{ as_of() }} as is_this_week
    from {{ ref('fct_leads') }}
)

select
    workspaces.workspace_id,
    workspaces.workspace_name,
    count(leads.lead_id) as lead_count,
    count(leads.lead_id) filter (where leads.is_this_week) as leads_this_week
from workspaces
left join leads on workspaces.workspace_id = leads.owner_workspace_id
group by workspaces.workspace_id, workspaces.workspace_name
