with source as (
    select * from {{ source('raw', 'drops') }}
),

renamed as (
    select
        drop_id,
        source,
        kind,
        event_type,
        workspace_id,
        query_id,
        day,
        received_at,
        stage,
        received_rows,
        accepted_rows,
        duplicate_rows,
        quarantined_rows
    from source
)

select * from renamed
