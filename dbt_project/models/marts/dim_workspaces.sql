select
    workspace_id,
    slug,
    workspace_name,
    plan,
    time_zone,
    country,
    created_at
from {{ ref('stg_workspaces') }}
