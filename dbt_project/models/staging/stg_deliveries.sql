with source as (
    select * from {{ source('outbound', 'deliveries') }}
),

renamed as (
    select
        delivery_id,
        workspace_id,
        buyer_id,
        destination_id,
        channel,
        kind,
        lead_id,
        content_version,
        state,
        state in ('intended', 'sent', 'unknown') as is_open,
        resends,
        replays,
        provider,
        day,
        intended_at,
        settled_at
    from source
)

select * from renamed
