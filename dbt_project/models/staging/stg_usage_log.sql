with source as (
    select * from {{ source('outbound', 'usage_log') }}
),

renamed as (
    select
        delivery_id,
        workspace_id,
        buyer_id,
        channel,
        provider,
        units,
        currency,
        base_micros,
        markup_percent,
        markup_micros,
        occurred_at
    from source
)

select * from renamed
