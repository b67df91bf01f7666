with trends as (
    select * from {{ ref('stg_topic_trends') }}
),

topics as (
    select * from {{ ref('stg_topics') }}
)

select
    trends.topic_id,
    topics.topic_name,
    trends.week_start,
    trends.volume,
    trends.previous_volume,
    trends.change_percentage,
    trends.direction,
    trends.week_start = max(trends.week_start) over (partition by trends.topic_id) as is_latest,
    trends.computed_at
from trends
inner join topics on trends.topic_id = topics.topic_id
