with suppliers as (
    select * from {{ ref('stg_suppliers') }}
),

drops as (
    select * from {{ ref('stg_supplier_drops') }}
    where received_at > {{ as_of() }} - interval '2160 hours' and received_at <= {{ as_of() }}
),

leads as (
    select * from {{ ref('stg_leads') }}
),

sales as (
    select
        lead_id,
        count(*) as sales,
        count(*) filter (where is_refunded) as refunds
    from {{ ref('fct_campaign_assignments') }}
    group by lead_id
),

scores as (
    select * from {{ ref('stg_campaign_leads') }}
),

counted as (
    select
        suppliers.supplier_id,
        suppliers.workspace_id,
        suppliers.supplier_name,
        coalesce(sum(drops.received_rows), 0) as received,
        coalesce(sum(drops.accepted_rows), 0) as accepted,
        coalesce(sum(drops.duplicate_rows), 0) as duplicates,
        coalesce(sum(drops.quarantined_rows), 0) as refused,
        count(*) filter (where leads.has_fake_email) as fakes,
        coalesce(sum(sales.sales), 0) as sales,
        coalesce(sum(sales.refunds), 0) as refunds,
        round(avg(scores.lead_score), 1) as average_lead_score
    from suppliers
    left join drops on suppliers.supplier_id = drops.supplier_id
    left join leads on drops.drop_id = leads.drop_id
    left join sales on leads.lead_id = sales.lead_id
    left join scores on leads.lead_id = scores.lead_id
    group by suppliers.supplier_id, suppliers.workspace_id, suppliers.supplier_name
)

select
    supplier_id,
    workspace_id,
    supplier_name,
    cast(received as bigint) as received,
    cast(accepted as bigint) as accepted,
    average_lead_score,
    {% for part, total in [
        ('duplicates', 'received'), ('refused', 'received'), ('fakes', 'accepted'), ('refunds', 'sales')
    ] %}
        cast({{ part }} as bigint) as {{ part }},
        {{ percentage(part, total) }} as {{ part }}_rate,
        {{ wilson_interval(part, total, 'low') }} as {{ part }}_low,
        {{ wilson_interval(part, total, 'high') }} as {{ part }}_high,
    {% endfor %}
    cast(sales as bigint) as sales
from counted
