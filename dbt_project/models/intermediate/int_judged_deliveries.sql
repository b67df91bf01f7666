{{ config(materialized='table') }}
-- A table: a view would be dropped with the table that it reads, whenever that one is built alone.
with deliveries as (
    select
        deliveries.*,
        targets.audience_id,
        deliveries.due_at + targets.within_seconds * interval '1 second' as deadline
    from {{ ref('fct_deliveries') }} as deliveries
    inner join {{ ref('int_service_targets') }} as targets
        on
            coalesce(deliveries.buyer_id, deliveries.workspace_id) = targets.audience_id
            and deliveries.channel = targets.channel
    where deliveries.state <> 'skipped' and deliveries.kind <> 'test'
)

select
    delivery_id,
    audience_id,
    channel,
    state = 'confirmed' and settled_at <= deadline as is_good,
    -- A message that is still open in due time is neither; one that is late is bad from its deadline on.
    least(settled_at, deadline) as judged_at
from deliveries
where
    least(settled_at, deadline) <= {{ as_of() }}
    and least(settled_at, deadline) > {{ as_of() }} - interval '90 days'
