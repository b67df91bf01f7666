with wallets as (
    select * from {{ ref('stg_ledger_accounts') }}
    where kind = 'wallet'
),

postings as (
    select * from {{ ref('stg_ledger_postings') }}
),

entries as (
    select * from {{ ref('stg_ledger_entries') }}
)

select
    postings.entry_id,
    postings.line,
    wallets.account_id,
    wallets.workspace_id,
    wallets.buyer_id,
    entries.kind,
    entries.lead_id,
    entries.reverses,
    postings.amount_minor,
    cast(
        sum(postings.amount_minor) over (
            partition by wallets.account_id order by postings.entry_id, postings.line
            rows between unbounded preceding and current row
        ) as bigint
    ) as balance_minor,
    wallets.currency,
    entries.occurred_at
from postings
inner join wallets on postings.account_id = wallets.account_id
inner join entries on postings.entry_id = entries.entry_id
