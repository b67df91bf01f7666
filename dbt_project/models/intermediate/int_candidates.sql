-- The layout is domain.candidates'. Windows stand inside the lateral join: they sort the candidates of one lead at a
-- time, and a filter on decided_at still reaches the table beneath.
with decisions as (
    select * from {{ ref('stg_assignment_candidates') }}
    where length(flags) > 0
),

members as (
    select * from {{ ref('int_candidate_members') }}
)

select
    decisions.lead_id,
    decisions.round,
    cast(candidate.place as smallint) as place,
    members.campaign_id,
    members.campaign_version,
    candidate.subscription_id,
    candidate.buyer_id,
    decisions.outcome,
    candidate.flag & 128 > 0 as is_chosen,
    candidate.is_eligible,
    {{ candidate_verdict('candidate.flag') }} as verdict,
    case
        when candidate.is_eligible or candidate.flag & 7 = 0
            then {{ big_endian('decisions.observed', 'candidate.values_before') }}
    end as observed,
    case
        when candidate.is_eligible or candidate.flag & 7 > 0 then null
        when candidate.flag & 8 > 0 then candidate.daily_cap
        when candidate.flag & 16 > 0 then candidate.weekly_limit
        when candidate.flag & 32 > 0 then candidate.monthly_limit
        else members.price_minor
    end as bound,
    round(
        case
            when not candidate.is_eligible then null
            when members.distribution_logic = 'BROADCAST' then 1
            when members.distribution_logic = 'WATERFALL' then cast(candidate.turn = 1 as integer)
            else candidate.claim / nullif(candidate.claims, 0)
        end, 6
    ) as expected_share,
    decisions.decided,
    decisions.local_time,
    cast(decisions.local_time as date) as day,
    decisions.decided_at
from decisions
inner join members on decisions.set_id = members.set_id
-- Not a CTE: it reads each lead's own set.
cross join lateral ( -- noqa: ST05
    select
        counted.*,
        sum(counted.value_count) over (order by counted.place) - counted.value_count as values_before,
        sum(counted.claim) filter (where counted.is_eligible) over () as claims,
        row_number() over (partition by counted.is_eligible order by counted.waterfall_rank, counted.place) as turn
    from (
        select
            member.*,
            flagged.flag,
            flagged.flag & 127 = 0 as is_eligible,
            -- One that passed has its turn; else cap, limits and balance each have a value where they failed.
            case when flagged.flag & 127 = 0 then 1 else bit_count(cast(flagged.flag >> 3 & 15 as bit(4))) end
                as value_count,
            cast(
                case members.distribution_logic
                    when 'WEIGHTED_ROUND_ROBIN' then member.weight
                    when 'TARGET_WEIGHTED' then member.target
                    else 1
                end as numeric
            ) as claim
        from
            unnest(
                members.subscription_ids, members.buyer_ids, members.daily_caps, members.weekly_limits,
                members.monthly_limits, members.weights, members.ranks, members.targets
            ) with ordinality as member (
                subscription_id, buyer_id, daily_cap, weekly_limit, monthly_limit, weight, waterfall_rank, target, place
            )
        cross join get_byte(decisions.flags, cast(member.place - 1 as integer)) as flagged (flag)
    ) as counted
) as candidate
