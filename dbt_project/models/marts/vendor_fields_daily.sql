with fields as (
    select * from {{ ref('stg_field_profiles') }}
),

ranked_types as (
    select
        fields.source,
        fields.event_type,
        fields.day,
        fields.field,
        counted.json_type,
        row_number() over (
            partition by fields.source, fields.event_type, fields.day, fields.field
            order by cast(counted.amount as bigint) desc, counted.json_type
        ) as place
    from fields
    cross join lateral jsonb_each_text(fields.types) as counted (json_type, amount)
),

payloads as (
    select
        source,
        event_type,
        day,
        payloads
    from fields
    where field = '$'
)

select
    fields.day,
    fields.source,
    fields.event_type,
    fields.field,
    payloads.payloads,
    fields.entries,
    {{ percentage('fields.present', 'fields.entries') }} as present_rate,
    {{ percentage('fields.nulls', 'fields.entries') }} as null_rate,
    ranked_types.json_type as main_type,
    fields.different_texts
from fields
inner join payloads
    on
        fields.source = payloads.source
        and fields.event_type = payloads.event_type
        and fields.day = payloads.day
left join ranked_types
    on
        fields.source = ranked_types.source
        and fields.event_type = ranked_types.event_type
        and fields.day = ranked_types.day
        and fields.field = ranked_types.field
        and ranked_types.place = 1
