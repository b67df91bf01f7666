with source as (
    select * from {{ source('market', 'ledger_postings') }}
),

renamed as (
    select
        entry_id,
        line,
        account_id,
        amount_minor
    from source
)

select * from renamed
