with source as (
    select * from {{ source('outbound', 'crm_messages') }}
),

renamed as (
    select
        message_id,
        enrichment_id,
        workspace_id,
        state,
        attempts,
        intended_at,
        sent_at
    from source
)

select * from renamed
