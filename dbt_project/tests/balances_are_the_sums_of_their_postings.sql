-- A returned row is an account whose balance is not what its postings come to.
with postings as (
    select
        account_id,
        sum(amount_minor) as total_minor
    from {{ ref('stg_ledger_postings') }}
    group by account_id
)

select
    ledger_accounts.account_id,
    ledger_accounts.balance_minor,
    postings.total_minor
from {{ ref('stg_ledger_accounts') }} as ledger_accounts
left join postings on ledger_accounts.account_id = postings.account_id
where ledger_accounts.balance_minor <> coalesce(postings.total_minor, 0)
