with source as (
    select * from {{ source('outbound', 'billing_events') }}
),

renamed as (
    select
        lead_id,
        kind,
        workspace_id,
        platform,
        occurred_at
    from source
)

select * from renamed
