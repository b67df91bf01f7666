{{ config(severity='warn') }}
-- A returned row is a buyer, or a workspace's own people, whose messages on a channel fail, or come late, more often
-- than was promised: at the pace of the last three days the error budget will be gone before its window is over.
select
    workspace_id,
    buyer_id,
    channel,
    messages_3d,
    burn_rate_3d
from {{ ref('buyer_service_levels') }}
where is_burning_slowly
