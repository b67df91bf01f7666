with assignments as (
    select * from {{ ref('stg_lead_assignments') }}
    where destination_kind = 'buyer'
),

offers as (
    select
        leads.*,
        workspaces.time_zone,
        sellers.currency
    from {{ ref('stg_campaign_leads') }} as leads
    inner join {{ ref('stg_workspaces') }} as workspaces on leads.workspace_id = workspaces.workspace_id
    inner join {{ ref('stg_sellers') }} as sellers on leads.workspace_id = sellers.workspace_id
),

subscriptions as (
    select * from {{ ref('stg_campaign_subscriptions') }}
),

charges as (
    select * from {{ ref('stg_ledger_entries') }}
    where kind = 'charge'
),

refunds as (
    select * from {{ ref('stg_ledger_entries') }}
    where kind = 'refund'
)

select
    assignments.lead_id,
    assignments.seq,
    offers.workspace_id,
    offers.campaign_id,
    assignments.rule_set_version as campaign_version,
    offers.category_id,
    subscriptions.subscription_id,
    assignments.destination_id as buyer_id,
    offers.supplier_id,
    offers.state,
    offers.supplier_quality,
    offers.lead_score,
    assignments.price_minor,
    offers.currency,
    charges.entry_id as charge_entry_id,
    refunds.entry_id is not null as is_refunded,
    refunds.occurred_at as refunded_at,
    assignments.reason,
    offers.received_at,
    assignments.decided_at,
    cast(assignments.decided_at at time zone offers.time_zone as date) as day,
    round(cast(extract(epoch from assignments.decided_at - offers.received_at) as numeric), 3) as seconds_to_sale
from assignments
inner join offers on assignments.lead_id = offers.lead_id
left join subscriptions
    on
        offers.campaign_id = subscriptions.campaign_id
        and assignments.destination_id = subscriptions.buyer_id
left join charges
    on
        assignments.lead_id = charges.lead_id
        and assignments.destination_id = charges.buyer_id
left join refunds on charges.entry_id = refunds.reverses
