-- Sales and recharged cards both write it. The lineage names them by these sources.
-- depends_on: {{ source('market', 'recharge_entries') }}
with source as (
    select * from {{ source('market', 'ledger_entries') }}
),

renamed as (
    select
        entry_id,
        workspace_id,
        kind,
        buyer_id,
        lead_id,
        reverses,
        occurred_at
    from source
)

select * from renamed
