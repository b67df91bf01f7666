with source as (
    select * from {{ source('outbound', 'platform_access_log') }}
),

renamed as (
    select
        access_id,
        lead_id,
        workspace_id,
        platform,
        batch_key,
        host,
        fields,
        occurred_at
    from source
)

select * from renamed
