with source as (
    select * from {{ source('outbound', 'upload_attempts') }}
),

renamed as (
    select
        batch_key,
        attempt_no,
        action,
        outcome,
        attempted_at
    from source
)

select * from renamed
