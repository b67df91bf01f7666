"""Sealed days, and what `verify` says once somebody with every right has altered the books."""

import threading
from datetime import UTC, date, datetime, timedelta
from itertools import chain

import psycopg
import pytest

from lead_pipeline.errors import InProgress, LedgerBroken, NotFound
from lead_pipeline.steps.move_money import adjust, fund, post, refund, reserve
from lead_pipeline.steps.seal_ledger import seal_days
from lead_pipeline.steps.verify_ledger import verify
from lead_pipeline.store import ledger_seals
from lead_pipeline.store.ledger_seals import lines
from lead_pipeline.store.statements import buyer_named, statement
from tests.integration.ledger_books import START, open_books

pytestmark = pytest.mark.integration
DAY = START.date()
ONE = timedelta(days=1)


@pytest.fixture
def conn(database):
    with database.connect() as conn:
        yield conn


@pytest.fixture
def books(conn):
    """Three days: 1 fund, 2 charge of the first; 3 reserve, 4 post of the second; 5 refund of the third."""
    books = open_books(conn)
    fund(conn, **books.move(0, 10_000, key="by hand/ä\t\\N\n"))
    [lead] = books.charge(conn, (0, 2_500))
    books.pass_time(days=1)
    post(conn, reserve(conn, **books.move(0, 300)), reason="delivered", run=books.run)
    books.pass_time(days=1)
    refund(conn, **books.back(0, lead))
    return books


def alter(conn, *statements):
    """As a superuser who knows how: triggers and foreign keys do not fire."""
    with conn.transaction():
        conn.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            conn.execute(statement)


def broken(database):
    with pytest.raises(LedgerBroken) as found:
        verify(database.url)
    return str(found.value)


def test_days_are_sealed_in_order_and_each_once(database, conn, books):
    told = []
    first = seal_days(database.url, DAY + ONE, told.append)
    assert [(DAY, 2, 2), (DAY + ONE, 4, 2)] == [(seal.day, seal.last_entry_id, seal.entries) for seal in first]
    assert [f"{seal.day} sealed: 2 entries, {seal.digest.hex()}" for seal in first] == told
    assert first[0].digest == first[1].previous
    [third] = seal_days(database.url, DAY + 30 * ONE)
    assert (DAY + 2 * ONE, 5) == (third.day, third.last_entry_id)
    assert [] == seal_days(database.url, DAY + 30 * ONE)
    proved = verify(database.url, told.append)
    assert (5, 10, 5, 3, DAY + 2 * ONE, third.digest, 0) == (
        proved.entries, proved.postings, proved.accounts, proved.seals, proved.sealed_until, proved.digest,
        proved.unsealed,
    )  # fmt: skip
    assert f"{DAY}: 2 entries are as they were sealed" in told


def test_a_digest_is_that_of_text_which_every_server_writes_alike(conn, books):
    conn.execute("SET TIME ZONE 'Asia/Kolkata'")
    conn.execute("SET DateStyle = 'German'")
    conn.execute("SET client_encoding = 'LATIN1'")
    [[(entry_id, line), *_]] = lines(conn, 0, 5)
    wallet, card = conn.execute(
        "SELECT (SELECT account_id FROM market.ledger_accounts WHERE kind = 'wallet' AND balance_minor > 0), "
        "(SELECT account_id FROM market.ledger_accounts WHERE kind = 'card')"
    ).fetchone()
    fields = (
        "1", books.workspace_id, "fund", books.buyers[0], "\\N", "by hand/ä\\t\\\\N\\n", "\\N", "a test", "test",
        str(int(START.timestamp()) * 10**6), f"1:{card}:card:USD:-10000,2:{wallet}:wallet:USD:10000",
    )  # fmt: skip
    assert (1, "\t".join(fields).encode()) == (entry_id, line)


def test_what_is_altered_consistently_is_found_by_the_seal_and_named(database, conn, books):
    seal_days(database.url, DAY + 2 * ONE)
    alter(conn, "UPDATE market.ledger_entries SET reason = 'another' WHERE entry_id = 3")
    assert broken(database).startswith(f"{DAY + ONE}: entry 3 was altered. Stop the market")
    alter(
        conn,
        "UPDATE market.ledger_entries SET reason = 'a test' WHERE entry_id = 3",
        "UPDATE market.ledger_postings SET amount_minor = amount_minor * 2 WHERE entry_id IN (3, 4)",
        "UPDATE market.ledger_accounts SET balance_minor = balance_minor - 300 WHERE kind = 'wallet' "
        "AND balance_minor > 0",
        "UPDATE market.ledger_accounts SET balance_minor = balance_minor + 300 WHERE kind = 'revenue'",
    )
    assert broken(database).startswith(f"{DAY + ONE}: entry 3 was altered")


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (
            ["UPDATE market.ledger_postings SET amount_minor = 9 WHERE entry_id = 2 AND line = 2"],
            f"{DAY}: entry 2 sums to -2491 minor units, not to zero",
        ),
        (["DELETE FROM market.ledger_postings WHERE entry_id = 1"], f"{DAY}: entry 1 has no postings"),
        (["DELETE FROM market.ledger_entries WHERE entry_id = 4"], "no day: entry 4 has postings and no entry"),
        (
            ["DELETE FROM market.ledger_postings WHERE entry_id = 1 AND line = 1"],
            f"{DAY}: entry 1 lacks a posting, or has one too many",
        ),
        (
            ["UPDATE market.ledger_accounts SET balance_minor = balance_minor + 1 WHERE kind = 'revenue'"],
            f"{DAY + 2 * ONE}: entry 5 is the last that moved account",
        ),
        (
            ["DELETE FROM market.ledger_accounts WHERE kind = 'adjustment'",
             "UPDATE market.ledger_accounts SET kind = 'adjustment' WHERE kind = 'revenue'"],
            f"{DAY}: entry 2 is a charge and moves accounts that no such entry may move",
        ),
        (
            ["UPDATE market.ledger_entries SET reverses = 99 WHERE entry_id = 5",
             "UPDATE market.ledger_entries SET reverses = 2 WHERE entry_id = 4"],
            f"{DAY + ONE}: entry 4 is the post of entry 2, which is of another kind, buyer or amount",
        ),
        (
            ["UPDATE core.lead_assignments SET price_minor = 99"],
            f"{DAY}: entry 2 charges 2500 minor units for lead",
        ),
        (["DELETE FROM core.lead_assignments"], f"{DAY}: entry 2 charges buyer"),
        (
            ["INSERT INTO core.lead_assignments SELECT gen_random_uuid(), destination_kind, seq, destination_id, "
             "rule_set_version, rule_id, rule_version, price_minor, reason, run_id, decided_at "
             "FROM core.lead_assignments"],
            "on 2026-11-02 and not charged",
        ),
        (
            ["UPDATE market.ledger_entries SET key = 'payment/' || gen_random_uuid() WHERE entry_id = 1"],
            f"{DAY}: entry 1 is the funding of payment/",
        ),
        (
            ["INSERT INTO market.payments (workspace_id, buyer_id, kind, amount_minor, currency, payment_method_id, "
             "state, created_at) SELECT workspace_id, buyer_id, 'fund', 5, 'USD', 'pm', 'succeeded', now() "
             "FROM market.buyers LIMIT 1"],
            "succeeded and is not in its wallet",
        ),
        (
            ["UPDATE market.spending SET spent_minor = 1 WHERE period = 'week'"],
            "in the week of 2026-11-02, of which 1 minor units are counted against its limit and 0 were charged",
        ),
    ],
)  # fmt: skip
def test_what_breaks_a_law_is_named_with_its_day_and_entry(database, conn, books, statements, words):
    alter(conn, *statements)
    assert words in broken(database)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["UPDATE market.ledger_seals SET digest = sha256('x') WHERE day = '2026-11-02'"],
         f"{DAY}: the seal itself was altered"),
        (["UPDATE market.ledger_seals SET previous = sha256('x') WHERE day = '2026-11-03'"],
         f"{DAY + ONE}: its seal is not chained to that of the day before"),
        (["DELETE FROM market.ledger_seals WHERE day = '2026-11-03'"],
         f"{DAY + 2 * ONE}: its seal is not chained to that of the day before"),
        (["DELETE FROM market.ledger_seals WHERE day = '2026-11-02'"],
         f"{DAY + ONE}: its seal is not chained to that of the day before"),
        (["UPDATE market.ledger_seals SET last_entry_id = 1, entries = 1 WHERE day = '2026-11-02'"],
         f"{DAY}: entry 2 was removed"),
        (["UPDATE market.ledger_seals SET day = '2026-11-01' WHERE day = '2026-11-02'"],
         "2026-11-01: entry 1 was added after the day was sealed"),
        (["INSERT INTO market.ledger_entries SELECT 0 - entry_id, workspace_id, kind, buyer_id, lead_id, NULL, NULL, "
          "reason, run_id, occurred_at FROM market.ledger_entries WHERE entry_id = 1"],
         "has no postings"),
    ],
)  # fmt: skip
def test_a_seal_that_was_altered_is_named(database, conn, books, statements, words):
    seal_days(database.url, DAY + 2 * ONE)
    alter(conn, *statements)
    assert words in broken(database)


def test_an_entry_with_the_time_of_a_sealed_day_is_sealed_with_the_next(database, conn, books):
    seal_days(database.url, DAY + 2 * ONE)
    books.now = START  # a clock that jumped back by two days
    late = fund(conn, **books.move(1, 700))
    assert [] == seal_days(database.url, DAY + 2 * ONE)
    books.now = START + 5 * ONE
    fund(conn, **books.move(1, 1))
    sealed = seal_days(database.url, DAY + 9 * ONE)
    assert [(DAY + 3 * ONE, late, 1), (DAY + 5 * ONE, late + 1, 1)] == [
        (seal.day, seal.last_entry_id, seal.entries) for seal in sealed
    ]
    alter(conn, f"UPDATE market.ledger_entries SET run_id = 'x' WHERE entry_id = {late}")
    assert f"{DAY + 3 * ONE}: entry {late} was altered" in broken(database)


def test_an_entry_from_a_clock_that_is_ahead_is_sealed_once_with_those_around_it(database, conn, books):
    books.now = datetime(2040, 1, 1, tzinfo=UTC)
    fund(conn, **books.move(1, 700))
    books.now = START + 2 * ONE
    last = fund(conn, **books.move(1, 1))
    sealed = seal_days(database.url, DAY + 9 * ONE)
    assert (DAY + 2 * ONE, last, 3) == (sealed[-1].day, sealed[-1].last_entry_id, sealed[-1].entries)
    assert 0 == verify(database.url).unsealed


def test_a_seal_waits_for_a_transaction_that_is_open_over_midnight(database, conn, books):
    done = []
    with database.connect() as other, other.transaction():
        fund(other, **books.move(1, 700))
        sealer = threading.Thread(target=lambda: done.extend(seal_days(database.url, DAY + 2 * ONE)))
        sealer.start()
        sealer.join(0.7)
        assert sealer.is_alive()
        assert [] == done
    sealer.join()
    assert [2, 2, 2] == [seal.entries for seal in done]
    assert 0 == verify(database.url).unsealed


def test_an_entry_that_is_committed_while_its_day_is_digested_is_in_the_seal(database, conn, books, monkeypatch):
    """Its id is lower than the last one: both were given before either was written."""
    digested = ledger_seals.save_seal

    def late(sealing, span, seal):
        if not held:
            return digested(sealing, span, seal)
        held.pop().__exit__(None, None, None)
        return digested(sealing, span, seal)

    other = database.connect()
    held = [other.transaction()]
    held[0].__enter__()
    low = fund(other, **books.move(1, 700))
    stranger = open_books(conn)
    stranger.now = books.now
    high = fund(conn, **stranger.move(0, 1))
    monkeypatch.setattr(ledger_seals, "save_seal", late)
    sealed = seal_days(database.url, DAY + 2 * ONE)
    assert low < high
    assert (high, 3) == (sealed[-1].last_entry_id, sealed[-1].entries)
    assert 0 == verify(database.url).unsealed
    other.close()


def test_a_transaction_that_does_not_end_is_told_of_and_nothing_is_sealed(database, conn, books, monkeypatch):
    monkeypatch.setattr(ledger_seals, "_PATIENCE", "100ms")
    with database.connect() as other, other.transaction():
        fund(other, **books.move(1, 700))
        with pytest.raises(InProgress, match=f"{DAY} is not sealed. Seal again when it has ended"):
            seal_days(database.url, DAY)
    assert 0 == verify(database.url).seals


def test_an_id_that_was_given_before_the_seal_and_is_written_after_it_is_refused(database, conn, books):
    [[low]] = conn.execute("SELECT nextval('market.ledger_entry_ids')").fetchall()
    fund(conn, **books.move(1, 700))
    seal_days(database.url, DAY + 2 * ONE)
    accounts = conn.execute("SELECT account_id FROM market.ledger_accounts WHERE buyer_id IS NULL LIMIT 2").fetchall()
    with pytest.raises(psycopg.errors.SerializationFailure, match=f"entry {low} is within a day that was sealed"):
        conn.execute(
            "WITH entry AS (INSERT INTO market.ledger_entries (entry_id, workspace_id, kind, reason, run_id, "
            "occurred_at) VALUES (%s, %s, 'adjust', 'x', 'r', now())) INSERT INTO market.ledger_postings "
            "VALUES (%s, 1, %s, -1), (%s, 2, %s, 1)",
            [low, books.workspace_id, low, accounts[0][0], low, accounts[1][0]],
        )


def test_two_who_seal_at_once_take_turns(database, conn, books):
    made = []
    sealers = [threading.Thread(target=lambda: made.append(seal_days(database.url, DAY + 9 * ONE))) for _ in range(4)]
    for sealer in sealers:
        sealer.start()
    for sealer in sealers:
        sealer.join()
    assert 4 == len(made)
    assert [2, 2, 1] == [seal.entries for seal in sorted(chain(*made), key=lambda seal: seal.day)]
    assert 0 == verify(database.url).unsealed


def test_an_empty_ledger_is_whole_and_has_nothing_to_seal(database, conn):
    assert [] == seal_days(database.url, date(2040, 1, 1))
    proved = verify(database.url)
    assert (0, 0, None) == (proved.entries, proved.seals, proved.sealed_until)


def test_a_statement_opens_with_what_was_before_and_closes_with_what_is_after(conn, books):
    buyer = books.buyers[0]
    whole = statement(conn, buyer, START, START + 9 * ONE)
    assert (0, 9_700) == (whole.opening_minor, whole.closing_minor)
    assert [
        ("fund", 10_000, 10_000),
        ("charge", -2_500, 7_500),
        ("reserve", -300, 7_200),
        ("refund", 2_500, 9_700),
    ] == [(line.kind, line.amount_minor, line.balance_minor) for line in whole.lines]
    second = statement(conn, buyer, START + ONE, START + 2 * ONE)
    assert (7_500, ["reserve"], 7_200) == (
        second.opening_minor, [line.kind for line in second.lines], second.closing_minor
    )  # fmt: skip
    empty = statement(conn, books.buyers[1], START, START + ONE)
    assert (0, (), 0, "USD", "Buyer 1") == (
        empty.opening_minor, empty.lines, empty.closing_minor, empty.currency, empty.buyer
    )  # fmt: skip


def test_a_statement_of_a_balance_that_was_altered_is_refused(conn, books):
    alter(conn, "UPDATE market.ledger_accounts SET balance_minor = 1 WHERE kind = 'wallet'")
    with pytest.raises(LedgerBroken, match=r"does not sum to its closing 1\. Run: lead-pipeline ledger verify"):
        statement(conn, books.buyers[0], START, START + 9 * ONE)


def test_a_statement_of_nobody_is_not_found(conn, books):
    with pytest.raises(NotFound, match="no buyer has the id"):
        statement(conn, books.workspace_id, START, START + ONE)
    assert books.buyers[1] == buyer_named(conn, "Buyer 1") == buyer_named(conn, books.buyers[1])
    open_books(conn)
    assert [None, None] == [buyer_named(conn, "Buyer 1"), buyer_named(conn, "nobody")]


def test_an_adjustment_is_proved_like_any_other_entry(database, conn, books):
    adjust(conn, **books.move(0, -70))
    seal_days(database.url, DAY + 9 * ONE)
    assert 6 == verify(database.url).entries
