with counts as (
    select
        day,
        source,
        outcome,
        sum(requests) as requests
    from {{ ref('stg_intake_counts') }}
    group by day, source, outcome
),

sources as (
    select
        day,
        source,
        sum(requests) as requests,
        coalesce(sum(requests) filter (where outcome = 'invalid_signature'), 0) as refused_signatures
    from counts
    group by day, source
)

select
    counts.day,
    counts.source,
    counts.outcome,
    cast(counts.requests as bigint) as requests,
    {{ percentage('counts.requests', 'sources.requests') }} as outcome_rate,
    {{ percentage('sources.refused_signatures', 'sources.requests') }} as signature_failure_rate
from counts
inner join sources on counts.day = sources.day and counts.source = sources.source
