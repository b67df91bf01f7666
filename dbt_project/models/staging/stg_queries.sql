with source as (
    select * from {{ source('core', 'queries') }}
),

renamed as (
    select
        query_id,
        workspace_id,
        name as query_name,
        is_active,
        last_run_at
    from source
)

select * from renamed
