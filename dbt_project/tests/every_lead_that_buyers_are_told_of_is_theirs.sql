-- A returned row is a message that tells a buyer of a lead which it did not buy.
select
    deliveries.delivery_id,
    deliveries.buyer_id,
    deliveries.lead_id
from {{ ref('stg_deliveries') }} as deliveries
left join {{ ref('stg_lead_assignments') }} as sales
    on
        deliveries.lead_id = sales.lead_id and deliveries.buyer_id = sales.destination_id
        and sales.destination_kind = 'buyer'
where deliveries.kind in ('new_lead', 'hot_lead') and deliveries.buyer_id is not null and sales.lead_id is null
