with source as (
    select * from {{ source('core', 'topic_trends') }}
),

renamed as (
    select
        topic_id,
        week_start,
        volume,
        previous_volume,
        change_percentage,
        direction,
        computed_at
    from source
)

select * from renamed
