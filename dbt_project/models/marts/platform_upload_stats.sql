with workspaces as (
    select * from {{ ref('dim_workspaces') }}
),

batches as (
    select * from {{ ref('stg_upload_batches') }}
),

platforms as (
    select distinct platform from batches
),

uploads as (
    select
        workspace_id,
        platform,
        count(*) filter (where status = 'intended') as intended,
        count(*) filter (where status = 'confirmed') as confirmed,
        count(*) filter (where status = 'rejected') as rejected,
        count(*) filter (where status = 'failed') as failed,
        max(settled_at) filter (where status = 'confirmed') as last_uploaded_at
    from {{ ref('fct_platform_uploads') }}
    group by workspace_id, platform
),

calls as (
    select
        batches.workspace_id,
        batches.platform,
        count(*) as calls,
        count(*) filter (where attempts.outcome in ('unknown', 'refused', 'unavailable')) as failed_calls
    from {{ ref('stg_upload_attempts') }} as attempts
    inner join batches on attempts.batch_key = batches.batch_key
    group by batches.workspace_id, batches.platform
),

filled as (
    select
        workspaces.workspace_id,
        platforms.platform,
        uploads.last_uploaded_at,
        coalesce(uploads.intended, 0) as intended,
        coalesce(uploads.confirmed, 0) as confirmed,
        coalesce(uploads.rejected, 0) as rejected,
        coalesce(uploads.failed, 0) as failed,
        coalesce(calls.calls, 0) as calls,
        coalesce(calls.failed_calls, 0) as failed_calls
    from workspaces
    cross join platforms
    left join uploads on workspaces.workspace_id = uploads.workspace_id and platforms.platform = uploads.platform
    left join calls on workspaces.workspace_id = calls.workspace_id and platforms.platform = calls.platform
)

select
    workspace_id,
    platform,
    intended,
    confirmed,
    rejected,
    failed,
    {{ percentage('confirmed', '(confirmed + rejected + failed)') }} as success_rate,
    calls,
    failed_calls,
    last_uploaded_at
from filled
