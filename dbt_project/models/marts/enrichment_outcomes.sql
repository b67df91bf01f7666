with enrichments as (
    select * from {{ ref('stg_enrichments') }}
),

leads as (
    select * from {{ ref('stg_leads') }}
),

timed as (
    select
        leads.workspace_id,
        enrichments.vendor,
        enrichments.day,
        enrichments.status,
        enrichments.contacts_found,
        extract(epoch from enrichments.settled_at - enrichments.requested_at) as seconds_to_settle
    from enrichments
    inner join leads on enrichments.lead_id = leads.lead_id
)

select
    workspace_id,
    vendor,
    day,
    status,
    count(*) as leads,
    cast(sum(contacts_found) as bigint) as contacts,
    round(avg(contacts_found), 2) as contacts_per_lead,
    round(sum(seconds_to_settle), 1) as seconds_to_settle,
    round(
        cast(percentile_cont(0.5) within group (order by seconds_to_settle) as numeric), 1
    ) as median_seconds_to_settle
from timed
group by workspace_id, vendor, day, status
