with assignments as (
    select * from {{ ref('stg_lead_assignments') }}
),

leads as (
    select * from {{ ref('stg_leads') }}
),

rules as (
    select * from {{ ref('stg_lead_routing_rules') }}
)

select
    assignments.lead_id,
    assignments.destination_kind,
    assignments.seq,
    leads.workspace_id,
    assignments.destination_id,
    assignments.rule_id,
    assignments.rule_version,
    rules.rule_name,
    assignments.rule_set_version,
    assignments.price_minor,
    assignments.reason,
    assignments.decided_at,
    assignments.seq = max(assignments.seq) over (
        partition by assignments.lead_id, assignments.destination_kind
    ) as is_in_force
from assignments
inner join leads on assignments.lead_id = leads.lead_id
left join rules
    on
        assignments.rule_id = rules.rule_id
        and assignments.rule_version = rules.rule_version
