with source as (
    select * from {{ source('outbound', 'platform_uploads') }}
),

renamed as (
    select
        lead_id,
        batch_key,
        status,
        settled_at
    from source
)

select * from renamed
