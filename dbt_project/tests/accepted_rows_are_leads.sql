-- A returned row is a drop that says it accepted another number of rows than there are leads from it: leads were
-- lost, or written without being counted.
with leads as (
    select
        drop_id,
        count(*) as leads
    from {{ ref('stg_leads') }}
    group by drop_id
)

select
    drops.drop_id as counted_drop_id,
    leads.drop_id as leads_drop_id,
    drops.accepted_rows,
    leads.leads
from {{ ref('stg_drops') }} as drops
full outer join leads on drops.drop_id = leads.drop_id
where coalesce(drops.accepted_rows, 0) <> coalesce(leads.leads, 0)
