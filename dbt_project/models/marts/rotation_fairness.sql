{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['campaign_id', 'day', 'buyer_id'],
        on_schema_change='append_new_columns'
    )
}}
-- A campaign's days that are over stay as they were counted, but for the last: one may commit after midnight.
with counted_before as (
    {% if is_incremental() %}
        select
            campaign_id,
            max(day) as last_day
        from {{ this }}
        group by campaign_id
    {% else %}
        select
            cast(null as uuid) as campaign_id,
            cast(null as date) as last_day
    {% endif %}
),

turns as (
    select outcomes.*
    from {{ ref('fct_candidate_outcomes') }} as outcomes
    left join counted_before on outcomes.campaign_id = counted_before.campaign_id
    where
        outcomes.outcome = 'assigned'
        and outcomes.is_eligible
        and outcomes.day >= coalesce(counted_before.last_day - 1, '-infinity')
),

runs as (
    select
        *,
        count(*) filter (where verdict <> 'chosen') over (
            partition by campaign_id, day, buyer_id order by decided, lead_id
        ) as losses_before
    from turns
),

streaks as (
    select
        campaign_id,
        day,
        buyer_id,
        count(*) as eligible_leads,
        count(*) filter (where verdict = 'chosen') as received_leads,
        sum(expected_share) as expected_leads
    from runs
    group by campaign_id, day, buyer_id, losses_before
),

counted as (
    select
        campaign_id,
        day,
        buyer_id,
        cast(sum(eligible_leads) as bigint) as eligible_leads,
        cast(sum(received_leads) as bigint) as received_leads,
        round(sum(expected_leads), 4) as expected_leads,
        max(received_leads) as longest_streak
    from streaks
    group by campaign_id, day, buyer_id
)

select
    campaign_id,
    day,
    buyer_id,
    eligible_leads,
    received_leads,
    expected_leads,
    {{ percentage('expected_leads', 'eligible_leads') }} as expected_share,
    {{ percentage('received_leads', 'eligible_leads') }} as real_share,
    {{ percentage('(received_leads - expected_leads)', 'eligible_leads') }} as difference,
    longest_streak
from counted
