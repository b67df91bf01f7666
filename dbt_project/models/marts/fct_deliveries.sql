with deliveries as (
    select * from {{ ref('stg_deliveries') }}
),

calls as (
    select
        delivery_id,
        count(*) filter (where action = 'send') as sends,
        count(*) filter (where action = 'ask') as asks,
        min(attempted_at) as first_attempted_at,
        (array_agg(outcome order by attempt_no desc))[1] as last_outcome,
        (array_agg(status order by attempt_no desc))[1] as last_status
    from {{ ref('stg_delivery_attempts') }}
    group by delivery_id
),

quiet_hours as (
    select
        destinations.destination_id,
        destinations.quiet_from,
        destinations.quiet_until,
        coalesce(destinations.time_zone, workspaces.time_zone) as time_zone
    from {{ ref('stg_destinations') }} as destinations
    inner join {{ ref('stg_workspaces') }} as workspaces on destinations.workspace_id = workspaces.workspace_id
    where destinations.quiet_from is not null
),

held as (
    select
        deliveries.*,
        {{ held_until(
            'deliveries.intended_at', 'quiet_hours.quiet_from', 'quiet_hours.quiet_until', 'quiet_hours.time_zone'
        ) }} as held_until
    from deliveries
    left join quiet_hours on deliveries.destination_id = quiet_hours.destination_id
),

due as (
    select
        held.*,
        calls.last_outcome,
        calls.last_status,
        coalesce(calls.sends, 0) as sends,
        coalesce(calls.asks, 0) as asks,
        -- What was tried in quiet hours was not held back by them.
        case when calls.first_attempted_at < held.held_until then held.intended_at else held.held_until end as due_at
    from held
    left join calls on held.delivery_id = calls.delivery_id
)

select
    delivery_id,
    workspace_id,
    buyer_id,
    destination_id,
    channel,
    kind,
    lead_id,
    content_version,
    state,
    is_open,
    provider,
    sends,
    asks,
    resends,
    replays,
    last_outcome,
    last_status,
    day,
    intended_at,
    due_at,
    settled_at,
    case when state = 'confirmed' then round(extract(epoch from settled_at - due_at), 3) end as seconds_to_confirmation
from due
