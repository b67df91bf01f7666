{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        indexes=[{'columns': ['lead_id', 'round']}, {'columns': ['decided_at']}],
        post_hook="delete from {{ this }} where decided_at < {{ as_of() }} - interval '{{ var('candidate_days') }} days'"
    )
}}
-- Decisions are written once. A build adds those that it has not seen, looking one day back behind the newest: a
-- transaction that began earlier may commit later. What is older than the window goes.
with decisions as materialized (
    select
        made.lead_id,
        made.round,
        made.decided_at
    from {{ ref('stg_assignment_candidates') }} as made
    where
        made.decided_at >= {{ as_of() }} - interval '{{ var("candidate_days") }} days'
        {% if is_incremental() %}
            and made.decided_at
            > (select coalesce(max(seen.decided_at), '-infinity') from {{ this }} as seen) - interval '1 day'
            and not exists (
                select 1 from {{ this }} as seen
                where seen.lead_id = made.lead_id and seen.round = made.round and seen.place = 1
            )
        {% endif %}
),

candidates as (
    select * from {{ ref('int_candidates') }}
    where decided_at >= (select min(decisions.decided_at) from decisions)
)

select
    candidates.lead_id,
    candidates.round,
    candidates.place,
    candidates.campaign_id,
    candidates.campaign_version,
    candidates.subscription_id,
    candidates.buyer_id,
    candidates.outcome,
    candidates.verdict,
    candidates.is_eligible,
    candidates.observed,
    candidates.bound,
    candidates.expected_share,
    candidates.decided,
    candidates.day,
    candidates.decided_at
from candidates
inner join decisions on candidates.lead_id = decisions.lead_id and candidates.round = decisions.round
