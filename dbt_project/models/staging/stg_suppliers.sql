with source as (
    select * from {{ source('market', 'suppliers') }}
),

renamed as (
    select
        supplier_id,
        workspace_id,
        name as supplier_name,
        is_active,
        created_at
    from source
)

select * from renamed
