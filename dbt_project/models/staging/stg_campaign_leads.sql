with source as (
    select * from {{ source('market', 'campaign_leads') }}
),

renamed as (
    select
        lead_id,
        workspace_id,
        campaign_id,
        category_id,
        supplier_id,
        state,
        supplier_quality,
        lead_score,
        outcome,
        received_at,
        decided_at
    from source
)

select * from renamed
