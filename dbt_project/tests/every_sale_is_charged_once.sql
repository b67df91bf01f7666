-- A returned row is a lead that a buyer got and did not pay for, paid otherwise than it was priced, or paid without
-- getting it.
with sales as (
    select * from {{ ref('stg_lead_assignments') }}
    where destination_kind = 'buyer'
),

charges as (
    select
        entries.lead_id,
        entries.buyer_id,
        -sum(postings.amount_minor) as charged_minor
    from {{ ref('stg_ledger_entries') }} as entries
    inner join {{ ref('stg_ledger_postings') }} as postings on entries.entry_id = postings.entry_id
    inner join {{ ref('stg_ledger_accounts') }} as ledger_accounts on postings.account_id = ledger_accounts.account_id
    where entries.kind = 'charge' and ledger_accounts.kind = 'wallet'
    group by entries.lead_id, entries.buyer_id
)

select
    sales.lead_id as sold_lead_id,
    charges.lead_id as charged_lead_id,
    sales.price_minor,
    charges.charged_minor
from sales
full outer join charges on sales.lead_id = charges.lead_id and sales.destination_id = charges.buyer_id
where sales.price_minor is distinct from charges.charged_minor
