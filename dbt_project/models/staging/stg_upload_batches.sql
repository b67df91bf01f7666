with source as (
    select * from {{ source('outbound', 'upload_batches') }}
),

renamed as (
    select
        batch_key,
        workspace_id,
        platform,
        band,
        day,
        status as batch_status,
        attempts,
        intended_at,
        settled_at as batch_settled_at
    from source
)

select * from renamed
