-- A returned row is a line of a monthly statement that says something else than the log of its month, is a whole minor
-- unit off, or is of a statement whose lines together are more than half a unit off.
with logged as (
    select
        workspace_id,
        cast(date_trunc('month', occurred_at at time zone 'UTC') as date) as month_of_log,
        channel,
        currency,
        count(*) as deliveries,
        sum(units) as units,
        sum(base_micros) as base_micros,
        sum(markup_micros) as markup_micros
    from {{ ref('stg_usage_log') }}
    group by workspace_id, cast(date_trunc('month', occurred_at at time zone 'UTC') as date), channel, currency
),

compared as (
    select
        statements.*,
        coalesce(
            statements.deliveries = logged.deliveries
            and statements.units = logged.units
            and statements.base_micros = logged.base_micros
            and statements.markup_micros = logged.markup_micros,
            false
        ) as is_logged,
        statements.total_minor
        - (logged.base_micros + logged.markup_micros)
        * 10.0 ^ ({{ currency_decimals('statements.currency') }} - 6) as rounding
    from {{ ref('stg_usage_statements') }} as statements
    left join logged
        on
            statements.workspace_id = logged.workspace_id and statements.month = logged.month_of_log
            and statements.channel = logged.channel and statements.currency = logged.currency
),

added as (
    select
        *,
        sum(rounding) over (partition by workspace_id, month, currency) as rounding_of_all
    from compared
)

select
    workspace_id,
    month,
    channel,
    deliveries,
    base_micros,
    markup_micros,
    total_minor,
    rounding
from added
where not is_logged or abs(rounding) >= 1 or abs(rounding_of_all) > 0.5
