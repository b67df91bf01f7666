with source as (
    select * from {{ source('market', 'sellers') }}
),

renamed as (
    select
        workspace_id,
        currency,
        created_at
    from source
)

select * from renamed
