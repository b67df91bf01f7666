"""`core.topics` and `core.topic_trends`: what standing queries found of each topic in a week, and where it goes.

The volume of a topic in a week is the number of different companies on the pages that queries with that topic landed
for its days and that became leads or were known as such. A company counts once a week, however often and in however
many workspaces it was found. A page's topic is that of its query as it is when the week is reckoned; pages of queries
that are deleted by then, or have no topic, count nowhere.
"""

from collections.abc import Sequence
from datetime import date, datetime

import pandas as pd
import psycopg

from lead_pipeline.domain.periods import WEEK, monday_of, weeks_in_order
from lead_pipeline.store.bulk import copy_frame, fetch_frame

_PAGES = """
    SELECT d.drop_id, d.day, q.filters ->> 'topic' AS topic FROM raw.drops d JOIN core.queries q USING (query_id)
    WHERE d.source = 'datashopper' AND d.kind = 'vendor_page' AND q.filters ->> 'topic' <> ''
"""
_SPAN = f"SELECT min(day), max(day) FROM ({_PAGES}) p WHERE day >= %(since)s"  # noqa: S608 - constants
_WAITING = """
    SELECT min(day) FROM raw.drops
    WHERE stage = 'landed' AND source = 'datashopper' AND kind = 'vendor_page' AND day >= %s
"""
_VOLUMES = f"""
    WITH pages AS (
        SELECT drop_id, topic, date_trunc('week', day::timestamp)::date AS week_start FROM ({_PAGES}) p
        WHERE day >= %(since)s AND day < %(until)s
    ), found AS (
        SELECT p.week_start, p.topic, l.fingerprint FROM pages p LEFT JOIN core.leads l USING (drop_id)
        UNION
        SELECT p.week_start, p.topic, l.fingerprint
        FROM pages p JOIN core.lead_sightings s USING (drop_id) JOIN core.leads l ON l.lead_id = s.lead_id
    )
    SELECT week_start, topic, count(fingerprint) AS volume FROM found GROUP BY week_start, topic
"""  # noqa: S608 - constants
_TOPICS = """
    INSERT INTO core.topics (name, created_at) SELECT DISTINCT topic, %s::timestamptz FROM reckoned
    ON CONFLICT (name) DO NOTHING
"""
_TRENDS = """
    INSERT INTO core.topic_trends (topic_id, week_start, volume, previous_volume, change_percentage, direction, run_id,
        computed_at)
    SELECT t.topic_id, r.week_start, r.volume, r.previous_volume, r.change_percentage, r.direction, %s, %s
    FROM reckoned r JOIN core.topics t ON t.name = r.topic
"""
_DIRECTIONS = """
    UPDATE core.topics t SET trend_direction = r.direction FROM reckoned r
    WHERE t.name = r.topic AND r.week_start = %s AND t.trend_direction IS DISTINCT FROM r.direction
"""


def take_turn(conn: psycopg.Connection) -> None:
    """Let no other process reckon until the caller's transaction ends."""
    conn.execute("LOCK TABLE core.topic_trends IN SHARE ROW EXCLUSIVE MODE")


def unreckoned_weeks(conn: psycopg.Connection, last: date) -> list[date]:
    """Mondays of the weeks up to `last` that are not reckoned, in order; the first ever is that of the first page.

    None is of a week after the last page: then nobody has searched yet, and a clock that is ahead would be taken for
    months without a find.
    """
    row = conn.execute("SELECT max(week_start) FROM core.topic_trends").fetchone()
    reckoned = row[0] if row else None
    span = conn.execute(_SPAN, {"since": date.min if reckoned is None else reckoned + WEEK}).fetchone()
    if span is None or span[0] is None:
        return []
    first = monday_of(span[0]) if reckoned is None else reckoned + WEEK
    return weeks_in_order(first, min(last, monday_of(span[1])))


def weeks_to_reckon(conn: psycopg.Connection, last: date) -> list[date]:
    """The unreckoned weeks before the first of which a page is not validated: what it holds would not be counted."""
    weeks = unreckoned_weeks(conn, last)
    row = conn.execute(_WAITING, [weeks[0]]).fetchone() if weeks else None
    return weeks if row is None or row[0] is None else [week for week in weeks if week < monday_of(row[0])]


def volumes(conn: psycopg.Connection, weeks: Sequence[date]) -> pd.DataFrame:
    """`week_start`, `topic`, `volume` of weeks that follow one another, from the landed pages."""
    return fetch_frame(conn, _VOLUMES, {"since": weeks[0], "until": weeks[-1] + WEEK})


def reckoned_volumes(conn: psycopg.Connection, week: date) -> pd.DataFrame:
    """`topic`, `volume` of every topic that is known, as they were reckoned for a week; 0 where they were not."""
    return fetch_frame(
        conn,
        "SELECT t.name AS topic, coalesce(r.volume, 0) AS volume FROM core.topics t "
        "LEFT JOIN core.topic_trends r ON r.topic_id = t.topic_id AND r.week_start = %s",
        [week],
    )


def save_trends(conn: psycopg.Connection, trends: pd.DataFrame, *, now: datetime, run_id: str) -> None:
    """Write what `domain.trends` reckoned, with topics that are new, and note where each one goes by the last week."""
    conn.execute(
        "CREATE TEMP TABLE reckoned (week_start date, topic text, volume int, previous_volume int, "
        "change_percentage numeric, direction text) ON COMMIT DROP"
    )
    copy_frame(conn, "reckoned", trends)
    conn.execute(_TOPICS, [now])
    conn.execute(_TRENDS, [run_id, now])
    conn.execute(_DIRECTIONS, [max(trends["week_start"])])
