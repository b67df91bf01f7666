with source as (
    select * from {{ source('outbound', 'destinations') }}
),

renamed as (
    select
        destination_id,
        workspace_id,
        buyer_id,
        channel,
        time_zone,
        quiet_from,
        quiet_until,
        status,
        failures,
        failing_since,
        retry_at,
        created_at,
        deleted_at
    from source
)

select * from renamed
