with source as (
    select * from {{ source('market', 'credit_resets') }}
),

renamed as (
    select
        day,
        users,
        credits,
        reset_at
    from source
)

select * from renamed
