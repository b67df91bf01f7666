with pages as (
    select * from {{ ref('stg_query_pages') }}
),

queries as (
    select * from {{ ref('stg_queries') }}
),

daily as (
    select
        workspace_id,
        query_id,
        day,
        currency,
        sum(companies) as companies,
        sum(accepted_rows) as leads,
        sum(duplicate_rows) as known_leads,
        sum(quarantined_rows) as refused,
        sum(companies * company_price) as total_cost
    from pages
    group by workspace_id, query_id, day, currency
),

projected as (
    select
        *,
        sum(total_cost) over (
            partition by workspace_id, query_id, currency
            order by day range between interval '29 days' preceding and current row
        ) as recent_cost,
        least(30, day - min(day) over (partition by workspace_id, query_id, currency) + 1) as recent_days
    from daily
)

select
    projected.workspace_id,
    projected.query_id,
    queries.query_name,
    queries.is_active,
    projected.day,
    projected.currency,
    cast(projected.companies as bigint) as companies,
    cast(projected.leads as bigint) as leads,
    cast(projected.known_leads as bigint) as known_leads,
    cast(projected.refused as bigint) as refused,
    round(projected.total_cost, 4) as total_cost,
    round(projected.total_cost / nullif(projected.leads, 0), 4) as cost_per_lead,
    round(365 * projected.recent_cost / projected.recent_days, 2) as annual_projection
from projected
left join queries on projected.query_id = queries.query_id
