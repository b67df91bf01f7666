with source as (
    select * from {{ source('raw', 'supplier_drops') }}
    where kind = 'supplier_lead'
),

renamed as (
    select
        drop_id,
        workspace_id,
        cast(headers ->> 'supplier_id' as uuid) as supplier_id,
        received_at,
        received_rows,
        accepted_rows,
        duplicate_rows,
        quarantined_rows
    from source
)

select * from renamed
