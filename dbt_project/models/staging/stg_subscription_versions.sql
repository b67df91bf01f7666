with source as (
    select * from {{ source('market', 'versions') }}
    where kind = 'subscription'
),

renamed as (
    select
        id as subscription_id,
        cast(row ->> 'buyer_id' as uuid) as buyer_id,
        version,
        row ->> 'status' as status,
        cast(row ->> 'daily_cap' as integer) as daily_cap,
        valid_from
    from source
)

select * from renamed
