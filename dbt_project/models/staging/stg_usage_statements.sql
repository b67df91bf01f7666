with source as (
    select * from {{ source('outbound', 'usage_statements') }}
),

renamed as (
    select
        workspace_id,
        month,
        channel,
        currency,
        deliveries,
        units,
        base_micros,
        markup_micros,
        total_minor,
        closed_at
    from source
)

select * from renamed
