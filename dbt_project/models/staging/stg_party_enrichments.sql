with source as (
    select * from {{ source('core', 'party_enrichments') }}
),

renamed as (
    select
        enrichment_id,
        workspace_id,
        day,
        status,
        reason,
        same_person,
        cardinality(validations_used) > 0 as used_switched_off_validation,
        attempts,
        requested_at,
        settled_at
    from source
)

select * from renamed
