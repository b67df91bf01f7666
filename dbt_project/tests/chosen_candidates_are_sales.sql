-- A returned row is a lead of the last 7 days that went to a buyer whom its candidates do not show as chosen, or
-- whose chosen candidate did not get it.
with chosen as (
    select
        decisions.lead_id,
        cast(candidate_sets.members -> candidate.place ->> 'buyer_id' as uuid) as buyer_id
    from {{ ref('stg_assignment_candidates') }} as decisions
    inner join {{ ref('stg_candidate_sets') }} as candidate_sets on decisions.set_id = candidate_sets.set_id
    cross join generate_series(0, length(decisions.flags) - 1) as candidate (place)
    where
        decisions.decided_at >= {{ as_of() }} - interval '7 days'
        and get_byte(decisions.flags, candidate.place) & 128 > 0
),

sales as (
    select * from {{ ref('stg_lead_assignments') }}
    where destination_kind = 'buyer' and decided_at >= {{ as_of() }} - interval '7 days'
)

select
    chosen.lead_id as chosen_lead_id,
    chosen.buyer_id as chosen_buyer_id,
    sales.lead_id as sold_lead_id,
    sales.destination_id as sold_buyer_id
from chosen
full outer join sales on chosen.lead_id = sales.lead_id and chosen.buyer_id = sales.destination_id
where chosen.lead_id is null or sales.lead_id is null
