with source as (
    select * from {{ source('market', 'categories') }}
),

renamed as (
    select
        category_id,
        workspace_id,
        slug,
        name as category_name,
        created_at,
        deleted_at
    from source
)

select * from renamed
