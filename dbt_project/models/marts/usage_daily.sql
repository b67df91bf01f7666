with counted as (
    select
        workspace_id,
        buyer_id,
        channel,
        currency,
        cast(occurred_at at time zone 'UTC' as date) as day,
        count(*) as messages,
        sum(units) as units,
        cast(sum(base_micros) as bigint) as base_micros,
        cast(sum(markup_micros) as bigint) as markup_micros
    from {{ ref('stg_usage_log') }}
    group by workspace_id, buyer_id, channel, currency, cast(occurred_at at time zone 'UTC' as date)
)

select
    workspace_id,
    buyer_id,
    channel,
    day,
    currency,
    messages,
    units,
    base_micros,
    markup_micros,
    round(base_micros / 1000000.0, {{ currency_decimals('currency') }}) as base_amount,
    round(markup_micros / 1000000.0, {{ currency_decimals('currency') }}) as markup_amount,
    round((base_micros + markup_micros) / 1000000.0, {{ currency_decimals('currency') }}) as total_amount
from counted
