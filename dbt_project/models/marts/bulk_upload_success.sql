with jobs as (
    select
        source,
        status,
        100.0 * successful_records / nullif(total_records, 0) as success_rate
    from {{ ref('stg_bulk_upload_jobs') }}
)

select
    source,
    count(*) as jobs,
    count(*) filter (where status = 'completed') as completed,
    count(*) filter (where status = 'failed') as failed,
    round(avg(success_rate), 2) as avg_success_rate
from jobs
group by source
