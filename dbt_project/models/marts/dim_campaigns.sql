with campaigns as (
    select * from {{ ref('stg_campaigns') }}
),

categories as (
    select * from {{ ref('stg_categories') }}
),

sellers as (
    select * from {{ ref('stg_sellers') }}
),

subscriptions as (
    select
        campaign_id,
        count(*) as subscriptions,
        count(*) filter (where status = 'ACTIVE') as active_subscriptions
    from {{ ref('stg_campaign_subscriptions') }}
    group by campaign_id
)

select
    campaigns.campaign_id,
    campaigns.workspace_id,
    campaigns.slug,
    campaigns.campaign_name,
    campaigns.category_id,
    categories.slug as category_slug,
    categories.category_name,
    campaigns.distribution_logic,
    campaigns.is_seeded,
    campaigns.price_minor,
    sellers.currency,
    campaigns.allow_state_selection,
    campaigns.status,
    campaigns.deleted_at is not null as is_deleted,
    campaigns.version,
    coalesce(subscriptions.subscriptions, 0) as subscriptions,
    coalesce(subscriptions.active_subscriptions, 0) as active_subscriptions,
    campaigns.created_at
from campaigns
inner join categories on campaigns.category_id = categories.category_id
inner join sellers on campaigns.workspace_id = sellers.workspace_id
left join subscriptions on campaigns.campaign_id = subscriptions.campaign_id
