"""Which mail domains of a day's leads accept mail: each is asked of DNS at most once in thirty days.

An answer is lasting as soon as its lot is committed. A domain about which there was none stays as it was, and is
asked again by the next run.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from lead_pipeline.domain.mail_exchange import MailResolver, accepts_mail
from lead_pipeline.steps.run import Run
from lead_pipeline.store.connections import connect
from lead_pipeline.store.mail_domains import domains_to_ask, save_answers

ASKED_AGAIN = timedelta(days=30)
AT_ONCE = 64


@dataclass(frozen=True)
class MailCheck:
    """Domains by what came of them. `left`: not asked, because DNS had stopped answering."""

    accepting: int = 0
    refusing: int = 0
    unknown: int = 0
    left: int = 0


def check_mail_domains(
    url: str, resolver: MailResolver, day: date, run: Run, *, concurrency: int, at_once: int = AT_ONCE
) -> MailCheck:
    """Ask about the domains that are due, in lots of `at_once`, and stop after a lot that nothing was said about."""
    with connect(url, autocommit=True) as conn, ThreadPoolExecutor(concurrency) as pool:
        due = domains_to_ask(conn, day, unless_since=run.clock() - ASKED_AGAIN)
        told: dict[str, bool | None] = {}
        for start in range(0, len(due), at_once):
            lot = due[start : start + at_once]
            answers = dict(zip(lot, pool.map(partial(accepts_mail, resolver=resolver), lot), strict=True))
            told |= answers
            known = {domain: answer for domain, answer in answers.items() if answer is not None}
            if not known:
                break
            save_answers(conn, known, run.clock())
        counts = list(told.values())
    return MailCheck(counts.count(True), counts.count(False), counts.count(None), len(due) - len(told))
