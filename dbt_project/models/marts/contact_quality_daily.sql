with leads as (
    select
        leads.*,
        drops.source
    from {{ ref('stg_leads') }} as leads
    inner join {{ ref('stg_drops') }} as drops on leads.drop_id = drops.drop_id
    where not leads.is_archived
),

counted as (
    select
        workspace_id,
        source,
        day,
        count(*) as leads,
        count(*) filter (where has_email) as with_email,
        count(*) filter (where has_fake_email) as fake_emails,
        count(*) filter (where has_disposable_email) as disposable_emails,
        count(*) filter (where has_role_email) as role_emails,
        count(*) filter (where has_free_email) as free_emails,
        count(*) filter (where has_email_suggestion) as with_suggestion,
        count(*) filter (where not email_domain_accepts_mail) as undeliverable_emails,
        count(*) filter (where has_phone) as with_phone,
        count(*) filter (where phone_type = 'mobile') as mobile_phones,
        count(*) filter (where phone_type = 'fixed_line') as fixed_line_phones,
        count(*) filter (where phone_type = 'fixed_line_or_mobile') as fixed_line_or_mobile_phones,
        count(*) filter (where phone_type = 'toll_free') as toll_free_phones,
        count(*) filter (where phone_type = 'voip') as voip_phones,
        count(*) filter (
            where phone_type in ('premium_rate', 'shared_cost', 'personal_number', 'pager', 'uan', 'voicemail')
        ) as other_phones,
        count(*) filter (where has_phone and phone_type is null) as untyped_phones,
        count(*) filter (where has_invalid_phone) as invalid_phones
    from leads
    group by workspace_id, source, day
),

with_baseline as (
    select
        *,
        sum(with_email) over the_days_before as with_email_before,
        sum(fake_emails) over the_days_before as fake_emails_before
    from counted
    window the_days_before as (
        partition by workspace_id, source order by day
        range between interval '28 days' preceding and interval '1 day' preceding
    )
)

select
    workspace_id,
    source,
    day,
    leads,
    with_email,
    fake_emails,
    disposable_emails,
    role_emails,
    free_emails,
    with_suggestion,
    undeliverable_emails,
    with_phone,
    mobile_phones,
    fixed_line_phones,
    fixed_line_or_mobile_phones,
    toll_free_phones,
    voip_phones,
    other_phones,
    untyped_phones,
    invalid_phones,
    {{ percentage('fake_emails', 'with_email') }} as fake_email_share,
    {{ percentage('fake_emails_before', 'with_email_before') }} as fake_email_baseline
from with_baseline
