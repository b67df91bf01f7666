with days as (
    select * from {{ ref('int_buyer_days') }}
),

sales as (
    select * from {{ ref('fct_campaign_assignments') }}
),

buyers as (
    select * from {{ ref('dim_buyers') }}
),

sold as (
    select
        buyer_id,
        day,
        count(*) as leads,
        sum(price_minor) as spent_minor,
        coalesce(sum(price_minor) filter (where is_refunded), 0) as refunded_minor
    from sales
    group by buyer_id, day
),

sold_each as (
    select
        subscription_id,
        day,
        count(*) as leads
    from sales
    group by subscription_id, day
),

capped as (
    select
        caps.buyer_id,
        caps.day,
        sum(caps.daily_cap) as daily_cap,
        sum(sold_each.leads) as capped_leads
    from {{ ref('int_daily_caps') }} as caps
    left join sold_each on caps.subscription_id = sold_each.subscription_id and caps.day = sold_each.day
    group by caps.buyer_id, caps.day
),

spent as (
    select
        days.*,
        coalesce(sold.leads, 0) as leads,
        coalesce(sold.spent_minor, 0) as spent_minor,
        coalesce(sold.refunded_minor, 0) as refunded_minor,
        sum(sold.spent_minor - sold.refunded_minor) over the_week as week_spent_minor,
        sum(sold.spent_minor - sold.refunded_minor) over the_month as month_spent_minor
    from days
    left join sold on days.buyer_id = sold.buyer_id and days.day = sold.day
    window
        the_week as (partition by days.buyer_id, date_trunc('week', days.day) order by days.day),
        the_month as (partition by days.buyer_id, date_trunc('month', days.day) order by days.day)
)

select
    spent.buyer_id,
    spent.day,
    spent.workspace_id,
    spent.leads,
    cast(coalesce(capped.capped_leads, 0) as bigint) as capped_leads,
    cast(capped.daily_cap as bigint) as daily_cap,
    {{ percentage('coalesce(capped.capped_leads, 0)', 'capped.daily_cap') }} as cap_fill,
    buyers.currency,
    cast(spent.spent_minor as bigint) as spent_minor,
    cast(spent.refunded_minor as bigint) as refunded_minor,
    round(spent.spent_minor / nullif(spent.leads, 0), 2) as average_price_minor,
    cast(coalesce(spent.week_spent_minor, 0) as bigint) as week_spent_minor,
    spent.weekly_limit_minor,
    {{ percentage('coalesce(spent.week_spent_minor, 0)', 'spent.weekly_limit_minor') }} as weekly_limit_used,
    cast(coalesce(spent.month_spent_minor, 0) as bigint) as month_spent_minor,
    spent.monthly_limit_minor,
    {{ percentage('coalesce(spent.month_spent_minor, 0)', 'spent.monthly_limit_minor') }} as monthly_limit_used
from spent
inner join buyers on spent.buyer_id = buyers.buyer_id
left join capped on spent.buyer_id = capped.buyer_id and spent.day = capped.day
where spent.is_reported
