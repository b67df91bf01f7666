{#- Fewer messages than these tell nothing of a receiver. -#}
{%- set fewest = 20 -%}
with targets as (
    select
        *,
        {{ as_of() }} - window_days * interval '1 day' as window_from
    from {{ ref('int_service_targets') }}
),

judged as (
    select
        *,
        {{ as_of() }} - judged_at as age
    from {{ ref('int_judged_deliveries') }}
),

counted as (
    select
        targets.audience_id,
        targets.channel,
        count(*) filter (where judged.judged_at > targets.window_from) as messages,
        count(*) filter (where judged.judged_at > targets.window_from and judged.is_good) as good,
        count(*) filter (where judged.age < interval '1 hour') as messages_1h,
        count(*) filter (where judged.age < interval '1 hour' and not judged.is_good) as bad_1h,
        count(*) filter (where judged.age < interval '6 hours') as messages_6h,
        count(*) filter (where judged.age < interval '6 hours' and not judged.is_good) as bad_6h,
        count(*) filter (where judged.age < interval '3 days') as messages_3d,
        count(*) filter (where judged.age < interval '3 days' and not judged.is_good) as bad_3d
    from targets
    inner join judged on targets.audience_id = judged.audience_id and targets.channel = judged.channel
    group by targets.audience_id, targets.channel
),

filled as (
    select
        targets.*,
        coalesce(counted.messages, 0) as messages,
        coalesce(counted.good, 0) as good,
        coalesce(counted.messages_1h, 0) as messages_1h,
        coalesce(counted.bad_1h, 0) as bad_1h,
        coalesce(counted.messages_6h, 0) as messages_6h,
        coalesce(counted.bad_6h, 0) as bad_6h,
        coalesce(counted.messages_3d, 0) as messages_3d,
        coalesce(counted.bad_3d, 0) as bad_3d
    from targets
    left join counted on targets.audience_id = counted.audience_id and targets.channel = counted.channel
)

select
    audience_id,
    workspace_id,
    buyer_id,
    channel,
    target_id,
    objective_percentage,
    within_seconds,
    window_days,
    messages,
    good,
    {{ percentage('good', 'messages') }} as service_level,
    100 - {{ percentage('100 * (messages - good)', '(messages * (100 - objective_percentage))') }}
        as budget_left_percentage,
    messages_1h,
    {{ burn_rate('bad_1h', 'messages_1h', 'objective_percentage') }} as burn_rate_1h,
    messages_6h,
    {{ burn_rate('bad_6h', 'messages_6h', 'objective_percentage') }} as burn_rate_6h,
    messages_3d,
    {{ burn_rate('bad_3d', 'messages_3d', 'objective_percentage') }} as burn_rate_3d,
    messages_6h >= {{ fewest }}
    and {{ burns('bad_1h', 'messages_1h', 'objective_percentage', 14.4) }}
    and {{ burns('bad_6h', 'messages_6h', 'objective_percentage', 6) }} as is_burning_fast,
    messages_3d >= {{ fewest }}
    and {{ burns('bad_3d', 'messages_3d', 'objective_percentage', 1) }} as is_burning_slowly
from filled
