with source as (
    select * from {{ source('market', 'campaigns') }}
),

renamed as (
    select
        campaign_id,
        workspace_id,
        category_id,
        slug,
        name as campaign_name,
        price_minor,
        distribution_logic,
        seed is not null as is_seeded,
        allow_state_selection,
        status,
        version,
        created_at,
        deleted_at
    from source
)

select * from renamed
