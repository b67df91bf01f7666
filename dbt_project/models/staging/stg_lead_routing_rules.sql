with source as (
    select * from {{ source('core', 'lead_routing_rules') }}
),

renamed as (
    select
        rule_id,
        version as rule_version,
        workspace_id,
        rule_name,
        priority,
        destination_workspace_id
    from source
)

select * from renamed
