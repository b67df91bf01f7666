with source as (
    select * from {{ source('core', 'quarantined_rows') }}
),

renamed as (
    select
        drop_id,
        row_no,
        status,
        quarantined_at,
        settled_at,
        repair_drop_id,
        repaired_lead_id,
        -- What stands behind a colon may quote the row. The row itself and the values stay where they are.
        array(
            select distinct split_part(reason.value ->> 'check', ': ', 1)
            from jsonb_array_elements(source.reasons) as reason
        ) as checks
    from source
)

select * from renamed
