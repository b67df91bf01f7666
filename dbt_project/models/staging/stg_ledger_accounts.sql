with source as (
    select * from {{ source('market', 'ledger_accounts') }}
),

renamed as (
    select
        account_id,
        workspace_id,
        kind,
        buyer_id,
        currency,
        balance_minor
    from source
)

select * from renamed
