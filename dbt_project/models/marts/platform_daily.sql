with batches as (
    select
        batches.batch_key,
        batches.platform,
        -- What was uploaded without an account, or with one that is gone, went over plain HTTP.
        coalesce(platform_accounts.provider, 'http') as provider_name
    from {{ ref('stg_upload_batches') }} as batches
    left join {{ ref('stg_platform_accounts') }} as platform_accounts
        on
            batches.workspace_id = platform_accounts.workspace_id and batches.platform = platform_accounts.platform
),

events as (
    select
        batches.platform,
        batches.provider_name,
        cast(uploads.settled_at at time zone 'UTC' as date) as day,
        uploads.status as upload_outcome,
        cast(null as text) as call_outcome
    from {{ ref('stg_platform_uploads') }} as uploads
    inner join batches on uploads.batch_key = batches.batch_key
    where uploads.settled_at is not null
    union all
    select
        batches.platform,
        batches.provider_name,
        cast(attempts.attempted_at at time zone 'UTC' as date) as day,
        null as upload_outcome,
        coalesce(attempts.outcome, 'none') as call_outcome
    from {{ ref('stg_upload_attempts') }} as attempts
    inner join batches on attempts.batch_key = batches.batch_key
),

counted as (
    select
        platform,
        provider_name,
        day,
        count(*) filter (where upload_outcome = 'confirmed') as uploaded,
        count(*) filter (where upload_outcome = 'rejected') as rejected,
        count(*) filter (where upload_outcome = 'failed') as failed,
        count(call_outcome) as calls,
        count(*) filter (where call_outcome = 'refused') as refused_calls,
        count(*) filter (where call_outcome = 'unavailable') as unavailable_calls,
        count(*) filter (where call_outcome = 'unknown') as lost_answers
    from events
    group by platform, provider_name, day
)

select
    platform,
    provider_name,
    day,
    uploaded,
    rejected,
    failed,
    {{ percentage('uploaded', '(uploaded + rejected + failed)') }} as success_rate,
    calls,
    refused_calls,
    unavailable_calls,
    lost_answers,
    {{ percentage('(refused_calls + unavailable_calls + lost_answers)', 'calls') }} as failed_calls_rate,
    round(1.0 * uploaded / nullif(calls, 0), 1) as uploaded_per_call
from counted
