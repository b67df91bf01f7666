with buyers as (
    select * from {{ ref('stg_buyers') }}
),

sellers as (
    select * from {{ ref('stg_sellers') }}
),

accounts as (
    select
        buyer_id,
        sum(balance_minor) filter (where kind = 'wallet') as balance_minor,
        sum(balance_minor) filter (where kind = 'reserved') as reserved_minor
    from {{ ref('stg_ledger_accounts') }}
    where buyer_id is not null
    group by buyer_id
),

subscriptions as (
    select
        buyer_id,
        count(*) as active_subscriptions
    from {{ ref('stg_campaign_subscriptions') }}
    where status = 'ACTIVE'
    group by buyer_id
)

select
    buyers.buyer_id,
    buyers.workspace_id,
    buyers.buyer_name,
    buyers.status,
    buyers.deleted_at is not null as is_deleted,
    buyers.priority,
    sellers.currency,
    cast(coalesce(accounts.balance_minor, 0) as bigint) as balance_minor,
    cast(coalesce(accounts.reserved_minor, 0) as bigint) as reserved_minor,
    buyers.weekly_limit_minor,
    buyers.monthly_limit_minor,
    buyers.recharge_threshold_minor,
    buyers.recharge_amount_minor,
    coalesce(subscriptions.active_subscriptions, 0) as active_subscriptions,
    buyers.created_at
from buyers
inner join sellers on buyers.workspace_id = sellers.workspace_id
left join accounts on buyers.buyer_id = accounts.buyer_id
left join subscriptions on buyers.buyer_id = subscriptions.buyer_id
