with uploads as (
    select * from {{ ref('stg_platform_uploads') }}
),

batches as (
    select * from {{ ref('stg_upload_batches') }}
)

select
    uploads.lead_id,
    batches.workspace_id,
    batches.platform,
    batches.band,
    batches.day,
    uploads.batch_key,
    uploads.status,
    batches.intended_at,
    uploads.settled_at,
    uploads.status = 'confirmed' as is_uploaded
from uploads
inner join batches on uploads.batch_key = batches.batch_key
