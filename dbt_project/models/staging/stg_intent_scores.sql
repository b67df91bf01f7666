with source as (
    select * from {{ source('core', 'intent_scores') }}
),

renamed as (
    select
        lead_id,
        band,
        high_count,
        medium_count,
        low_count,
        scored_at
    from source
)

select * from renamed
