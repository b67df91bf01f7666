with enrichments as (
    select
        *,
        extract(epoch from settled_at - requested_at) as seconds_to_settle
    from {{ ref('stg_party_enrichments') }}
),

counted as (
    select
        workspace_id,
        day,
        count(*) as enrichments,
        count(*) filter (where status = 'completed') as completed,
        count(*) filter (where status = 'pending') as pending,
        count(*) filter (where status = 'failed') as failed,
        count(*) filter (where status = 'failed' and reason = 'Could not find CPF via Diretrix') as without_cpf,
        count(*) filter (where status = 'failed' and reason like 'Work API knows nobody%') as without_person,
        count(*) filter (where same_person) as same_person,
        count(same_person) as with_phone_and_email,
        count(*) filter (where used_switched_off_validation) as with_validation_off,
        round(
            cast(percentile_cont(0.5) within group (order by seconds_to_settle) as numeric), 1
        ) as median_seconds_to_settle
    from enrichments
    group by workspace_id, day
)

select
    workspace_id,
    day,
    enrichments,
    completed,
    pending,
    failed,
    without_cpf,
    without_person,
    failed - without_cpf - without_person as failed_otherwise,
    same_person,
    with_phone_and_email,
    with_validation_off,
    median_seconds_to_settle,
    {{ percentage('completed', '(completed + failed)', decimals=1) }} as success_rate,
    {{ percentage('without_cpf', '(completed + failed)', decimals=1) }} as no_cpf_rate,
    {{ percentage('same_person', 'with_phone_and_email', decimals=1) }} as same_person_share
from counted
