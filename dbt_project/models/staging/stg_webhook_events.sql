with source as (
    select * from {{ source('core', 'webhook_events') }}
),

renamed as (
    select
        drop_id,
        hook_action,
        status,
        cast(received_at at time zone 'UTC' as date) as day,
        received_at,
        processed_at,
        workspace_id
    from source
)

select * from renamed
