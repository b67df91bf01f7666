with source as (
    select * from {{ source('core', 'assignment_candidates') }}
),

renamed as (
    select
        lead_id,
        round,
        set_id,
        outcome,
        decided,
        local_time,
        flags,
        observed,
        decided_at
    from source
)

select * from renamed
