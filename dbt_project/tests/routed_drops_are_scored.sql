-- A returned row is a lead that was passed over: its drop says that it is routed, yet the lead has no score.
select
    leads.lead_id,
    leads.drop_id
from {{ ref('stg_leads') }} as leads
inner join {{ ref('stg_drops') }} as drops on leads.drop_id = drops.drop_id
left join {{ ref('stg_intent_scores') }} as scores on leads.lead_id = scores.lead_id
where drops.stage = 'routed' and scores.lead_id is null
