with source as (
    select * from {{ source('core', 'lead_contacts') }}
),

renamed as (
    select
        lead_id,
        contact_no,
        title,
        seniority,
        department,
        email_status,
        is_primary
    from source
)

select * from renamed
