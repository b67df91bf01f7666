with source as (
    select * from {{ source('market', 'versions') }}
    where kind = 'buyer'
),

renamed as (
    select
        id as buyer_id,
        version,
        cast(row ->> 'weekly_limit_minor' as bigint) as weekly_limit_minor,
        cast(row ->> 'monthly_limit_minor' as bigint) as monthly_limit_minor,
        valid_from
    from source
)

select * from renamed
