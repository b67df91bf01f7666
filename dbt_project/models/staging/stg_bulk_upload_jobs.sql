with source as (
    select * from {{ source('core', 'bulk_upload_jobs') }}
),

renamed as (
    select
        job_id,
        drop_id,
        workspace_id,
        source,
        status,
        total_records,
        successful_records,
        failed_records,
        duplicate_records,
        created_at,
        completed_at
    from source
)

select * from renamed
