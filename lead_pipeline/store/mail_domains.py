"""`core.mail_domains`: mail domains of leads, and what DNS last said about each. Asks no DNS."""

from collections.abc import Mapping
from datetime import date, datetime

import psycopg


def domains_to_ask(conn: psycopg.Connection, day: date, *, unless_since: datetime) -> list[str]:
    """Distinct domains of a day's leads' addresses, in order, that DNS has not been asked about since then."""
    rows = conn.execute(
        """
        SELECT domain FROM (
            SELECT DISTINCT substring(email FROM '[^@]+$') AS domain
            FROM core.leads WHERE day = %s AND email IS NOT NULL
        ) d
        WHERE NOT EXISTS (SELECT 1 FROM core.mail_domains m WHERE m.domain = d.domain AND m.checked_at > %s)
        ORDER BY domain
        """,
        [day, unless_since],
    )
    return [domain for (domain,) in rows]


def save_answers(conn: psycopg.Connection, answers: Mapping[str, bool], checked_at: datetime) -> None:
    """Keep the latest answer about each domain; in order, so that two processes never wait for each other in turn."""
    domains = sorted(answers)
    conn.execute(
        """
        INSERT INTO core.mail_domains AS m (domain, accepts_mail, checked_at)
        SELECT domain, accepts_mail, %s FROM unnest(%s::text[], %s::boolean[]) AS n (domain, accepts_mail)
        ON CONFLICT (domain) DO UPDATE SET accepts_mail = excluded.accepts_mail, checked_at = excluded.checked_at
        WHERE m.checked_at <= excluded.checked_at
        """,
        [checked_at, domains, [answers[domain] for domain in domains]],
    )
