with source as (
    select * from {{ source('core', 'workspaces') }}
),

renamed as (
    select
        workspace_id,
        slug,
        name as workspace_name,
        plan,
        time_zone,
        country,
        created_at
    from source
)

select * from renamed
