with source as (
    select * from {{ source('raw', 'field_profiles') }}
),

renamed as (
    select
        source,
        event_type,
        day,
        field,
        payloads,
        entries,
        present,
        nulls,
        types,
        different_texts
    from source
)

select * from renamed
