with source as (
    select * from {{ source('outbound', 'manager_notifications') }}
),

renamed as (
    select
        drop_id,
        workspace_id,
        outcome,
        managers,
        deliveries,
        noted_at
    from source
)

select * from renamed
