-- Rules and campaigns both write them. The lineage names them by these sources.
-- depends_on: {{ source('core', 'buyer_assignments') }}
with source as (
    select * from {{ source('core', 'lead_assignments') }}
),

renamed as (
    select
        lead_id,
        destination_kind,
        seq,
        destination_id,
        rule_id,
        rule_version,
        rule_set_version,
        price_minor,
        reason,
        decided_at
    from source
)

select * from renamed
