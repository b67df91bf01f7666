with source as (
    select * from {{ source('raw', 'drops') }}
    where kind = 'vendor_page' and source = 'datashopper'
),

renamed as (
    select
        drop_id,
        workspace_id,
        query_id,
        day,
        coalesce(cast(headers ->> 'companies' as bigint), received_rows) as companies,
        cast(headers ->> 'price' as numeric) as company_price,
        headers ->> 'currency' as currency,
        accepted_rows,
        duplicate_rows,
        quarantined_rows
    from source
)

select * from renamed
