with source as (
    select * from {{ source('core', 'topics') }}
),

renamed as (
    select
        topic_id,
        name as topic_name,
        trend_direction,
        created_at
    from source
)

select * from renamed
