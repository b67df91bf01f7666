with source as (
    select * from {{ source('outbound', 'delivery_attempts') }}
),

renamed as (
    select
        delivery_id,
        attempt_no,
        action,
        outcome,
        status,
        seconds,
        attempted_at
    from source
)

select * from renamed
