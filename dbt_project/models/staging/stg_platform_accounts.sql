with source as (
    select * from {{ source('outbound', 'platform_accounts') }}
),

renamed as (
    select
        workspace_id,
        platform,
        provider,
        version,
        updated_at
    from source
)

select * from renamed
