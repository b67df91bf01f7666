with source as (
    select * from {{ source('raw', 'vendor_calls') }}
),

renamed as (
    select
        vendor,
        outcome,
        minute as counted_at,
        cast(minute at time zone 'UTC' as date) as day,
        calls,
        seconds
    from source
)

select * from renamed
