with leads as (
    select * from {{ ref('stg_leads') }}
),

in_force as (
    select distinct on (lead_id) *
    from {{ ref('stg_lead_assignments') }}
    where destination_kind = 'workspace'
    order by lead_id asc, seq desc
)

select
    leads.lead_id,
    leads.workspace_id,
    in_force.destination_id as destination_workspace_id,
    coalesce(in_force.destination_id, leads.workspace_id) as owner_workspace_id,
    in_force.rule_id as routing_rule_id,
    in_force.reason as routing_reason,
    in_force.rule_id is not null as is_routed
from leads
left join in_force on leads.lead_id = in_force.lead_id
