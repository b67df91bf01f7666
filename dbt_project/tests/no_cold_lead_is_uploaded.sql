-- A returned row is a lead that went, or is about to go, to a platform although it is cold or was never scored.
select
    uploads.lead_id,
    uploads.batch_key,
    scores.band
from {{ ref('stg_platform_uploads') }} as uploads
left join {{ ref('stg_intent_scores') }} as scores on uploads.lead_id = scores.lead_id
where scores.band is null or scores.band = 'cold'
