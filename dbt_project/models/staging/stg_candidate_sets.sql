with source as (
    select * from {{ source('market', 'candidate_sets') }}
),

renamed as (
    select
        set_id,
        campaign_id,
        campaign_version,
        rules,
        members
    from source
)

select * from renamed
