-- Every asset of the layer raw writes drops. The lineage names them by these sources.
-- depends_on: {{ source('raw', 'audience_labs_drops') }}
-- depends_on: {{ source('raw', 'webhook_drops') }}
-- depends_on: {{ source('raw', 'csv_drops') }}
-- depends_on: {{ source('raw', 'supplier_drops') }}
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
        settled_at,
        stage,
        received_rows,
        accepted_rows,
        duplicate_rows,
        quarantined_rows
    from source
)

select * from renamed
