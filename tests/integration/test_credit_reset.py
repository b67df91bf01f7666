"""Daily credits: reset once a UTC day, whoever runs it, how often, and whatever the clock does."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest

from lead_pipeline.steps.reset_credits import reset_credits
from lead_pipeline.steps.run import Run
from lead_pipeline.store.credit_resets import Reset, is_reset

pytestmark = pytest.mark.integration
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def conn(database):
    with database.connect() as conn:
        yield conn


def use(conn, *credits):
    """Users by number, each with so many credits used."""
    for number, used in enumerate(credits):
        conn.execute(
            "INSERT INTO core.users (email, name, password_hash, daily_credits_used) VALUES (%s, 'Ada', 'x', %s) "
            "ON CONFLICT (email) DO UPDATE SET daily_credits_used = excluded.daily_credits_used",
            [f"ada{number}@example.com", used],
        )


def used(conn):
    return [count for (count,) in conn.execute("SELECT daily_credits_used FROM core.users ORDER BY email")]


def kept(conn):
    return conn.execute("SELECT day, users, credits FROM market.credit_resets ORDER BY day").fetchall()


def reset_at(database, now, run_id="test"):
    return reset_credits(database.url, Run(run_id, lambda: now))


def test_all_users_credits_are_nought_and_the_day_says_how_many_there_were(database, conn):
    use(conn, 5, 0, 7)
    assert Reset(users=2, credits=12) == reset_at(database, MIDNIGHT)
    assert [0, 0, 0] == used(conn)
    assert [(date(2026, 3, 2), 2, 12)] == kept(conn)


def test_a_day_without_users_is_written_down_too(database, conn):
    assert Reset(users=0, credits=0) == reset_at(database, MIDNIGHT)
    assert is_reset(conn, date(2026, 3, 2))
    assert not is_reset(conn, date(2026, 3, 3))


def test_what_was_used_since_the_reset_stays_when_it_is_run_again(database, conn):
    reset_at(database, MIDNIGHT)
    use(conn, 3)
    assert None is reset_at(database, MIDNIGHT + timedelta(hours=23, minutes=59))
    assert [3] == used(conn)
    assert Reset(users=1, credits=3) == reset_at(database, MIDNIGHT + timedelta(days=1))


def test_after_weeks_of_silence_one_run_resets_and_no_day_is_made_up(database, conn):
    reset_at(database, MIDNIGHT)
    use(conn, 9)
    assert Reset(users=1, credits=9) == reset_at(database, MIDNIGHT + timedelta(days=30, hours=10))
    assert [date(2026, 3, 2), date(2026, 4, 1)] == [day for day, *_ in kept(conn)]


def test_a_clock_that_jumps_back_resets_no_day_again_and_one_that_jumped_ahead_stops_nothing(database, conn):
    reset_at(database, MIDNIGHT)
    reset_at(database, MIDNIGHT + timedelta(days=5000))
    use(conn, 4)
    assert None is reset_at(database, MIDNIGHT + timedelta(hours=1))
    assert [4] == used(conn)
    assert Reset(users=1, credits=4) == reset_at(database, MIDNIGHT + timedelta(days=1))


def test_of_many_processes_at_once_one_resets(database, conn):
    use(conn, 1, 2, 3)
    gate, done = threading.Barrier(8), []

    def reset(number):
        gate.wait()
        done.append(reset_at(database, MIDNIGHT, f"run {number}"))

    threads = [threading.Thread(target=reset, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 8 == len(done)
    assert [Reset(users=3, credits=6)] == [one for one in done if one is not None]
    assert [(date(2026, 3, 2), 3, 6)] == kept(conn)


def test_credits_that_are_used_while_it_resets_are_lost_by_nobody(database, conn):
    """One who uses a credit and the reset take turns: the count says what was taken back."""
    use(conn, 5)
    done = []
    with database.connect() as other, other.transaction():
        other.execute("UPDATE core.users SET daily_credits_used = daily_credits_used + 1")
        resetter = threading.Thread(target=lambda: done.append(reset_at(database, MIDNIGHT)))
        resetter.start()
        resetter.join(0.3)
        assert resetter.is_alive()
    resetter.join()
    assert [Reset(users=1, credits=6)] == done
    assert [0] == used(conn)
