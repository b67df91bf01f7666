with leads as (
    select * from {{ ref('stg_leads') }}
),

drops as (
    select * from {{ ref('stg_drops') }}
),

scores as (
    select * from {{ ref('stg_intent_scores') }}
),

owners as (
    select * from {{ ref('int_lead_owners') }}
),

enrichments as (
    select * from {{ ref('stg_enrichments') }}
    where vendor = 'clay'
),

contacts as (
    select
        lead_id,
        count(*) as contacts
    from {{ ref('stg_lead_contacts') }}
    group by lead_id
),

uploads as (
    select * from {{ ref('fct_platform_uploads') }}
)

select
    leads.lead_id,
    leads.workspace_id,
    owners.owner_workspace_id,
    owners.destination_workspace_id,
    leads.drop_id,
    drops.query_id,
    drops.source,
    leads.day,
    leads.received_at,
    leads.lead_type,
    leads.country,
    leads.state,
    leads.region,
    leads.country_inferred,
    leads.industry_group,
    leads.employee_count,
    scores.band,
    owners.routing_rule_id,
    owners.routing_reason,
    owners.is_routed,
    enrichments.status as enrichment_status,
    coalesce(contacts.contacts, 0) as contacts,
    uploads.status as upload_status,
    coalesce(uploads.is_uploaded, false) as is_uploaded,
    case when uploads.is_uploaded then uploads.platform end as uploaded_platform,
    case when uploads.is_uploaded then uploads.settled_at end as uploaded_at
from leads
inner join drops on leads.drop_id = drops.drop_id
inner join owners on leads.lead_id = owners.lead_id
left join scores on leads.lead_id = scores.lead_id
left join enrichments on leads.lead_id = enrichments.lead_id
left join contacts on leads.lead_id = contacts.lead_id
left join uploads on leads.lead_id = uploads.lead_id
