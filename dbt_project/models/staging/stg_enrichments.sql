with source as (
    select * from {{ source('core', 'enrichments') }}
),

renamed as (
    select
        lead_id,
        vendor,
        status,
        contacts_found,
        day,
        requested_at,
        settled_at
    from source
)

select * from renamed
