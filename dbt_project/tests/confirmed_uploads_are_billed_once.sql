-- A returned row is a lead that a platform confirmed and that is not billed exactly once, or one that is billed
-- although no platform confirmed it.
with confirmed as (
    select lead_id
    from {{ ref('stg_platform_uploads') }}
    where status = 'confirmed'
),

billed as (
    select
        lead_id,
        count(*) as events
    from {{ ref('stg_billing_events') }}
    where kind = 'platform_upload'
    group by lead_id
)

select
    confirmed.lead_id as confirmed_lead_id,
    billed.lead_id as billed_lead_id,
    billed.events
from confirmed
full outer join billed on confirmed.lead_id = billed.lead_id
where confirmed.lead_id is null or billed.events is distinct from 1
