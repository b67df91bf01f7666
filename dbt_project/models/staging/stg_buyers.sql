with source as (
    select * from {{ source('market', 'buyers') }}
),

renamed as (
    select
        buyer_id,
        workspace_id,
        name as buyer_name,
        status,
        priority,
        weekly_limit_minor,
        monthly_limit_minor,
        recharge_threshold_minor,
        recharge_amount_minor,
        created_at,
        deleted_at
    from source
)

select * from renamed
