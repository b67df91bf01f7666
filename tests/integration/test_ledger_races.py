"""Many writers at once, and writers that are killed: nothing is moved twice, lost, or half written.

LEAD_PIPELINE_KILLS says how many writers are killed (50, of which the short version takes a fifth).
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from lead_pipeline.errors import Conflict, PaymentRefused
from lead_pipeline.steps.move_money import adjust, fund, refund, void
from lead_pipeline.steps.seal_ledger import seal_days
from lead_pipeline.steps.verify_ledger import Verified, verify
from tests.integration.ledger_books import START, open_books

pytestmark = pytest.mark.integration
KILLS = max(5, int(os.environ.get("LEAD_PIPELINE_KILLS", "50")) // 5)
ROOT = Path(__file__).parents[2]


def at_once(database, *jobs):
    """Each job in a thread and a connection of its own. Returns what each returned or raised."""
    told = [None] * len(jobs)
    ready = threading.Barrier(len(jobs))

    def work(place, job):
        with database.connect() as conn:
            ready.wait()
            try:
                told[place] = job(conn)
            except (Conflict, PaymentRefused, psycopg.Error) as error:
                told[place] = type(error)

    threads = [threading.Thread(target=work, args=(place, job)) for place, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def test_the_same_key_from_many_at_once_moves_once(database):
    with database.connect() as conn:
        books = open_books(conn)
        order = books.move(0, 700, key="by card/1")
        assert 1 == len(set(at_once(database, *[lambda conn: fund(conn, **order)] * 16)))
        assert [700, 0] == books.balances(conn)


def test_a_lead_is_refunded_once_whoever_asks_at_once(database):
    with database.connect() as conn:
        books = open_books(conn)
        fund(conn, **books.move(0, 5_000))
        [lead] = books.charge(conn, (0, 2_500))
        told = at_once(database, *[lambda conn: refund(conn, **books.back(0, lead))] * 12)
        assert 11 == Counter(told)[Conflict]
        assert [5_000, 0] == books.balances(conn)
    verify(database.url)


def test_charges_refunds_and_funds_at_once_leave_no_wallet_below_zero(database):
    with database.connect() as conn:
        books = open_books(conn, buyers=3)
        for buyer in range(3):
            fund(conn, **books.move(buyer, 10_000))
        leads = books.charge(conn, *[(n % 3, 500) for n in range(30)])
        chance = random.Random(5)
        jobs = (
            [lambda conn, lead=lead, n=n: refund(conn, **books.back(n % 3, lead)) for n, lead in enumerate(leads)]
            + [lambda conn, n=n: books.charge(conn, (n % 3, 900), ((n + 1) % 3, 900)) for n in range(24)]
            + [lambda conn, n=n: adjust(conn, **books.move(n % 3, -700)) for n in range(12)]
            + [lambda conn: seal_days(database.url, START.date())] * 2
            + [lambda conn: verify(database.url)] * 3
        )
        chance.shuffle(jobs)
        told = at_once(database, *jobs)
        sold = sum(isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) for one in told)
        taken = Counter(type(one) for one in told)[int] - len(leads)
        assert {int, list, type, Verified} >= {type(one) for one in told}
        assert {PaymentRefused, psycopg.errors.CheckViolation} >= {one for one in told if isinstance(one, type)}
        assert 30_000 - sold * 1_800 - taken * 700 == sum(books.balances(conn))
        assert min(books.balances(conn)) >= 0
    seal_days(database.url, START.date() + timedelta(days=1))  # the first was sealed on the way: the rest is the next's
    assert 0 == verify(database.url).unsealed


WRITER = """
import json, sys
from lead_pipeline.steps.move_money import fund, refund, reserve, void
from lead_pipeline.store.connections import connect
from tests.integration.ledger_books import Books
url, workspace, buyers, name = sys.argv[1], sys.argv[2], sys.argv[3].split(","), sys.argv[4]
books = Books(workspace, buyers)
with connect(url, autocommit=True) as conn:
    print("ready", flush=True)
    n = 0
    while True:
        n += 1
        fund(conn, **books.move(n % 2, 1000, key=f"{name}/{n}"))
        lead, other = books.charge(conn, (n % 2, 300), (n % 2, 200))
        refund(conn, **books.back(n % 2, lead))
        void(conn, reserve(conn, **books.move(n % 2, 100, key=f"{name}/{n}/held")), reason="x", run=books.run)
        print(n, flush=True)
"""


@pytest.mark.slow
def test_writers_that_are_killed_leave_whole_entries_and_nothing_else(database):
    with database.connect() as conn:
        books = open_books(conn)
    chance = random.Random(int(os.environ.get("LEAD_PIPELINE_SEED", "1")))
    arguments = [database.url, books.workspace_id, ",".join(books.buyers)]
    rounds = 0
    for number in range(KILLS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, *arguments, str(number)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert "ready\n" == writer.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.4))
        os.kill(writer.pid, signal.SIGKILL)
        rounds += len(writer.stdout.read().splitlines())
        writer.wait()
    seal_days(database.url, START.date())
    assert 0 == verify(database.url).unsealed
    with database.connect() as conn:
        held = conn.execute(
            "SELECT entry_id FROM market.ledger_entries e WHERE kind = 'reserve' "
            "AND NOT EXISTS (SELECT 1 FROM market.ledger_entries v WHERE v.reverses = e.entry_id)"
        ).fetchall()
        assert 100 * len(held) == sum(books.balances(conn, "reserved"))
        for (entry,) in held:
            void(conn, entry, reason="its writer was killed", run=books.run)
        [[funds]] = conn.execute("SELECT count(*) FROM market.ledger_entries WHERE kind = 'fund'").fetchall()
        [[revenue]] = conn.execute("SELECT balance_minor FROM market.ledger_accounts WHERE kind = 'revenue'").fetchall()
        assert 1_000 * funds - revenue == sum(books.balances(conn))
        assert 0 < rounds <= funds
    verify(database.url)
