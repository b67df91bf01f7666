with source as (
    select * from {{ source('core', 'leads') }}
),

archived as (
    select * from {{ source('core', 'archived_leads') }}
),

mail_domains as (
    select * from {{ source('core', 'mail_domains') }}
),

renamed as (
    select
        source.lead_id,
        source.workspace_id,
        source.drop_id,
        source.row_no,
        cast(source.type as text) as lead_type,
        source.day,
        source.received_at,
        source.country,
        source.state,
        source.region,
        source.country_inferred,
        source.industry,
        source.industry_group,
        source.employee_count,
        archived.lead_id is not null as is_archived,
        source.email is not null as has_email,
        array_to_string(source.flags, ',') like '%fake_email:%' as has_fake_email,
        'disposable_email' = any(source.flags) as has_disposable_email,
        'role_email' = any(source.flags) as has_role_email,
        'free_email' = any(source.flags) as has_free_email,
        source.email_suggestion is not null as has_email_suggestion,
        mail_domains.accepts_mail as email_domain_accepts_mail,
        source.phone is not null as has_phone,
        'invalid_phone' = any(source.flags) as has_invalid_phone,
        source.phone_type
    from source
    left join archived on source.lead_id = archived.lead_id
    left join mail_domains on mail_domains.domain = substring(source.email from '[^@]+$')
)

select * from renamed
