-- A set's members side by side in arrays: unpacking a lead then reads no JSON.
with sets as (
    select * from {{ ref('stg_candidate_sets') }}
)

select
    sets.set_id,
    sets.campaign_id,
    sets.campaign_version,
    sets.rules ->> 'logic' as distribution_logic,
    cast(sets.rules ->> 'price_minor' as bigint) as price_minor,
    array_agg(cast(member.body ->> 'subscription_id' as uuid) order by member.place) as subscription_ids,
    array_agg(cast(member.body ->> 'buyer_id' as uuid) order by member.place) as buyer_ids,
    array_agg(cast(member.body ->> 'daily_cap' as bigint) order by member.place) as daily_caps,
    array_agg(cast(member.body ->> 'weekly_limit' as bigint) order by member.place) as weekly_limits,
    array_agg(cast(member.body ->> 'monthly_limit' as bigint) order by member.place) as monthly_limits,
    array_agg(cast(member.body ->> 'weight' as bigint) order by member.place) as weights,
    array_agg(cast(member.body ->> 'rank' as bigint) order by member.place) as ranks,
    array_agg(cast(member.body ->> 'target' as bigint) order by member.place) as targets
from sets
cross join lateral jsonb_array_elements(sets.members) with ordinality as member (body, place)
group by sets.set_id, sets.campaign_id, sets.campaign_version, sets.rules
