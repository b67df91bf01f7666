-- A returned row is a fact about a lead that does not exist. These tables have no foreign key on lead_id, so that
-- millions of rows can be copied into them quickly; this test stands in for it.
with facts as (
    select
        'intent_scores' as table_name,
        lead_id
    from {{ ref('stg_intent_scores') }}
    union all
    select
        'lead_assignments' as table_name,
        lead_id
    from {{ ref('stg_lead_assignments') }}
    union all
    select
        'enrichments' as table_name,
        lead_id
    from {{ ref('stg_enrichments') }}
    union all
    select
        'lead_contacts' as table_name,
        lead_id
    from {{ ref('stg_lead_contacts') }}
    union all
    select
        'platform_uploads' as table_name,
        lead_id
    from {{ ref('stg_platform_uploads') }}
    union all
    select
        'billing_events' as table_name,
        lead_id
    from {{ ref('stg_billing_events') }}
    union all
    select
        'deliveries' as table_name,
        lead_id
    from {{ ref('stg_deliveries') }}
    where lead_id is not null
    union all
    select
        'platform_access_log' as table_name,
        lead_id
    from {{ ref('stg_platform_access_log') }}
    union all
    select
        'campaign_leads' as table_name,
        lead_id
    from {{ ref('stg_campaign_leads') }}
    union all
    select
        'assignment_candidates' as table_name,
        lead_id
    from {{ ref('stg_assignment_candidates') }}
)

select
    facts.table_name,
    facts.lead_id
from facts
left join {{ ref('stg_leads') }} as leads on facts.lead_id = leads.lead_id
where leads.lead_id is null
