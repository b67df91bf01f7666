-- The most specific promise first: of the buyer before the workspace before everybody, of the channel before all.
with audiences as (
    select
        workspace_id,
        buyer_id,
        channel
    from {{ ref('stg_destinations') }}
    where deleted_at is null
    union
    select
        workspace_id,
        buyer_id,
        channel
    from {{ ref('stg_deliveries') }}
),

targets as (
    select * from {{ ref('stg_service_targets') }}
)

select distinct on (coalesce(audiences.buyer_id, audiences.workspace_id), audiences.channel)
    coalesce(audiences.buyer_id, audiences.workspace_id) as audience_id,
    audiences.workspace_id,
    audiences.buyer_id,
    audiences.channel,
    targets.target_id,
    targets.objective_percentage,
    targets.within_seconds,
    targets.window_days
from audiences
inner join targets
    on
        (targets.workspace_id is null or audiences.workspace_id = targets.workspace_id)
        and (targets.buyer_id is null or audiences.buyer_id = targets.buyer_id)
        and (targets.channel is null or audiences.channel = targets.channel)
order by
    coalesce(audiences.buyer_id, audiences.workspace_id),
    audiences.channel,
    targets.buyer_id is null,
    targets.workspace_id is null,
    targets.channel is null
