-- A returned row is a buyer, or a workspace's own people, whose messages on a channel fail so fast that an error budget
-- of four weeks would be gone within two days, and still do: burn rates of 14.4 over the last hour and of 6 over the
-- last six. destination_health says which receiver it is.
select
    workspace_id,
    buyer_id,
    channel,
    messages_1h,
    burn_rate_1h,
    messages_6h,
    burn_rate_6h
from {{ ref('buyer_service_levels') }}
where is_burning_fast
