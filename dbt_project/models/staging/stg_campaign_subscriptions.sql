with source as (
    select * from {{ source('market', 'campaign_subscriptions') }}
),

renamed as (
    select
        subscription_id,
        workspace_id,
        campaign_id,
        buyer_id,
        position,
        status
    from source
)

select * from renamed
