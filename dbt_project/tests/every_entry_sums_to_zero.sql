-- A returned row is a movement of money that made or destroyed some: its postings do not sum to zero, or it has none.
with postings as (
    select
        entry_id,
        sum(amount_minor) as total_minor
    from {{ ref('stg_ledger_postings') }}
    group by entry_id
)

select
    entries.entry_id,
    postings.total_minor
from {{ ref('stg_ledger_entries') }} as entries
full outer join postings on entries.entry_id = postings.entry_id
where entries.entry_id is null or postings.total_minor is distinct from 0
