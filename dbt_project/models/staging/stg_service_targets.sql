with source as (
    select * from {{ source('outbound', 'service_targets') }}
),

renamed as (
    select
        target_id,
        workspace_id,
        buyer_id,
        channel,
        objective_percentage,
        within_seconds,
        window_days
    from source
)

select * from renamed
