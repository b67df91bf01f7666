with source as (
    select * from {{ source('core', 'leads') }}
),

renamed as (
    select
        lead_id,
        workspace_id,
        drop_id,
        row_no,
        cast(type as text) as lead_type,
        day,
        received_at,
        country,
        state,
        region,
        country_inferred,
        industry,
        industry_group,
        employee_count
    from source
)

select * from renamed
