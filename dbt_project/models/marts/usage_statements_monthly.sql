with counted as (
    select
        workspace_id,
        month,
        currency,
        coalesce(sum(deliveries) filter (where channel = 'email'), 0) as emails,
        coalesce(sum(deliveries) filter (where channel = 'sms'), 0) as sms,
        coalesce(sum(units) filter (where channel = 'sms'), 0) as sms_segments,
        cast(sum(base_micros) as bigint) as base_micros,
        cast(sum(markup_micros) as bigint) as markup_micros,
        cast(coalesce(sum(total_minor) filter (where channel = 'email'), 0) as bigint) as email_minor,
        cast(coalesce(sum(total_minor) filter (where channel = 'sms'), 0) as bigint) as sms_minor,
        cast(sum(total_minor) as bigint) as total_minor,
        max(closed_at) as closed_at
    from {{ ref('stg_usage_statements') }}
    group by workspace_id, month, currency
)

select
    workspace_id,
    month,
    currency,
    emails,
    sms,
    sms_segments,
    base_micros,
    markup_micros,
    email_minor,
    sms_minor,
    total_minor,
    round(
        total_minor / 10.0 ^ {{ currency_decimals('currency') }}, {{ currency_decimals('currency') }}
    ) as total_amount,
    closed_at
from counted
