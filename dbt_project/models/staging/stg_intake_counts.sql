with source as (
    select * from {{ source('raw', 'intake_counts') }}
),

renamed as (
    select
        source,
        outcome,
        minute as counted_at,
        cast(minute at time zone 'UTC' as date) as day,
        requests
    from source
)

select * from renamed
