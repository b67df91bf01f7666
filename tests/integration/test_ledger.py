"""Money moved: each move once, whole or not at all, and refused in words where it may not be."""

import uuid

import psycopg
import pytest
from psycopg import errors as refused

from lead_pipeline.errors import Conflict, NotFound, PaymentRefused
from lead_pipeline.steps.move_money import adjust, fund, post, refund, reserve, void
from lead_pipeline.steps.verify_ledger import verify
from lead_pipeline.store.ledger import account_ids, wallet_balances
from lead_pipeline.store.market_lock import lock_sellers
from tests.integration.ledger_books import START, open_books

pytestmark = pytest.mark.integration
ENTRY = (
    "INSERT INTO market.ledger_entries (entry_id, workspace_id, kind, buyer_id, reason, run_id, occurred_at, reverses)"
)
POSTINGS = "INSERT INTO market.ledger_postings (entry_id, line, account_id, amount_minor)"


@pytest.fixture
def conn(database):
    with database.connect() as conn:
        yield conn


@pytest.fixture
def books(conn):
    return open_books(conn)


def spent(conn):
    rows = conn.execute("SELECT period, starts_on::text, spent_minor FROM market.spending ORDER BY 1, 2").fetchall()
    return {(period, starts_on): minor for period, starts_on, minor in rows}


def raw_entry(conn, books, *postings, kind="fund", reverses=None, buyer=0):
    """An entry as somebody would write it who does not use the steps."""
    values = ", ".join(f"(1000, {line}, {account}, {amount})" for line, account, amount in postings)
    conn.execute(
        f"WITH entry AS ({ENTRY} VALUES (1000, %s, %s, %s, 'by hand', 'r', %s, %s)) {POSTINGS} VALUES {values}",
        [books.workspace_id, kind, books.buyers[buyer], books.now, reverses],
    )


def test_each_kind_of_move_goes_from_one_account_to_another(conn, books):
    fund(conn, **books.move(0, 10_000))
    held = reserve(conn, **books.move(0, 4_000))
    assert ([6_000, 0], [4_000, 0]) == (books.balances(conn), books.balances(conn, "reserved"))
    post(conn, held, reason="delivered", run=books.run)
    void(conn, reserve(conn, **books.move(0, 1_000)), reason="not delivered", run=books.run)
    adjust(conn, **books.move(0, -500))
    adjust(conn, **books.move(1, 70))
    [lead] = books.charge(conn, (0, 2_500))
    assert ([3_000, 70], [0, 0]) == (books.balances(conn), books.balances(conn, "reserved"))
    refund(conn, **books.back(0, lead))
    shared = conn.execute(
        "SELECT kind, balance_minor FROM market.ledger_accounts WHERE buyer_id IS NULL ORDER BY kind"
    ).fetchall()
    assert [5_500, 70] == books.balances(conn)
    assert [("adjustment", 430), ("card", -10_000), ("revenue", 4_000)] == shared


def test_the_same_key_twice_moves_nothing_twice(conn, books):
    for move, amount in ((fund, 500), (reserve, 100), (adjust, -50)):
        order = books.move(0, amount)
        first = move(conn, **order)
        before = books.balances(conn)
        books.pass_time(days=1)
        assert first == move(conn, **order)
        assert before == books.balances(conn)


def test_a_key_of_another_move_is_refused(conn, books):
    order = books.move(0, 500, key="by card/1")
    fund(conn, **order)
    adjust(conn, **books.move(0, 5, key="by hand/1"))
    for move, other in (
        (fund, {**order, "amount_minor": 501}),
        (fund, {**order, "buyer_id": books.buyers[1]}),
        (adjust, order),
        (adjust, books.move(0, -5, key="by hand/1")),
        (fund, open_books(conn).move(0, 500, key="by card/1")),
    ):
        with pytest.raises(Conflict, match=r"is that of entry [12], another move"):
            move(conn, **other)


def test_more_than_a_wallet_holds_is_refused_in_words_and_nothing_is_moved(conn, books):
    fund(conn, **books.move(0, 2_000))
    for move, amount in ((reserve, 2_500), (adjust, -2_500)):
        with pytest.raises(PaymentRefused, match=r"holds 20\.00 USD and 25\.00 USD are asked of it\. Add funds first"):
            move(conn, **books.move(0, amount))
    with pytest.raises(refused.CheckViolation, match="no_negative_wallet"):
        books.charge(conn, (0, 1_500), (0, 501))
    assert [2_000, 0] == books.balances(conn)
    assert {} == spent(conn)


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1])
def test_an_amount_that_cannot_be_is_refused(conn, books, amount):
    with pytest.raises(PaymentRefused, match="cannot be moved"):
        fund(conn, **books.move(0, amount))


def test_money_is_moved_for_a_reason(conn, books):
    with pytest.raises(PaymentRefused, match="Say which"):
        fund(conn, **{**books.move(0, 1), "reason": "  "})


def test_a_reservation_is_settled_once(conn, books):
    fund(conn, **books.move(0, 1_000))
    for first in (post, void):
        held = reserve(conn, **books.move(0, 100))
        first(conn, held, reason="first", run=books.run)
        for second in (post, void):
            with pytest.raises(Conflict, match=f"entry {held} was settled before, by entry {held + 1}"):
                second(conn, held, reason="second", run=books.run)
    assert [900, 0] == books.balances(conn)


def test_what_is_no_reservation_cannot_be_settled(conn, books):
    entry = fund(conn, **books.move(0, 1_000))
    for settle in (post, void):
        for other in (entry, 999):
            with pytest.raises(NotFound, match=f"entry {other} reserves nothing"):
                settle(conn, other, reason="x", run=books.run)


def test_a_refund_gives_back_the_room_of_the_week_and_month_of_the_charge(conn, books):
    fund(conn, **books.move(0, 10_000))
    books.now = START.replace(day=1, hour=4)  # Saturday midnight of October's last day, and Sunday, in New York
    books.pass_time(minutes=-1)
    [october] = books.charge(conn, (0, 1_000))
    books.pass_time(days=3)
    [november] = books.charge(conn, (0, 300))
    assert {
        ("month", "2026-10-01"): 1_000, ("month", "2026-11-01"): 300,
        ("week", "2026-10-26"): 1_000, ("week", "2026-11-02"): 300,
    } == spent(conn)  # fmt: skip
    refund(conn, **books.back(0, october))
    assert {
        ("month", "2026-10-01"): 0, ("month", "2026-11-01"): 300,
        ("week", "2026-10-26"): 0, ("week", "2026-11-02"): 300,
    } == spent(conn)  # fmt: skip
    refund(conn, **books.back(0, november))
    assert {0} == set(spent(conn).values())


def test_a_refund_happens_once_and_is_told(conn, books):
    fund(conn, **books.move(0, 5_000))
    [lead] = books.charge(conn, (0, 2_500))
    entry = refund(conn, **books.back(0, lead))
    with pytest.raises(Conflict, match=f"was refunded before, by entry {entry}. Nothing was moved"):
        refund(conn, **books.back(0, lead))
    [(kind, detail)] = conn.execute("SELECT kind, detail FROM market.notices").fetchall()
    assert ("refunded", {"lead_id": lead, "amount": "25.00 USD", "reason": "a wrong number"}) == (kind, detail)
    assert [5_000, 0] == books.balances(conn)


def test_a_refund_after_thirty_days_is_refused_in_words(conn, books):
    fund(conn, **books.move(0, 5_000))
    late, early = books.charge(conn, (0, 1_000), (0, 1_000))
    books.pass_time(days=30)
    refund(conn, **books.back(0, early))
    books.pass_time(microseconds=1)
    with pytest.raises(PaymentRefused, match="was charged on 2026-11-02, more than 30 days ago: it is too late"):
        refund(conn, **books.back(0, late))
    assert [4_000, 0] == books.balances(conn)


def test_what_was_not_charged_to_this_buyer_of_this_seller_cannot_be_refunded(conn, books):
    fund(conn, **books.move(0, 5_000))
    [lead] = books.charge(conn, (0, 1_000))
    other = open_books(conn)
    for order in (
        books.back(1, lead),
        books.back(0, str(uuid.uuid4())),
        {**books.back(0, lead), "workspace_id": other.workspace_id},
    ):
        with pytest.raises(NotFound, match="was not charged for lead"):
            refund(conn, **order)


def test_a_lead_is_charged_to_a_buyer_once(conn, books):
    fund(conn, **books.move(0, 5_000))
    [lead] = books.charge(conn, (0, 1_000))
    with pytest.raises(refused.UniqueViolation):
        books.charge(conn, (0, 1_000), lead_id=lead)
    assert [4_000, 0] == books.balances(conn)


def test_a_thousand_charges_at_once_are_as_one_at_a_time(conn, books, database):
    fund(conn, **books.move(0, 10**6))
    fund(conn, **books.move(1, 10**6))
    sales = [(n % 2, 1 + n % 7) for n in range(1_200)]
    books.charge(conn, *sales)
    assert [10**6 - sum(price for buyer, price in sales if buyer == one) for one in (0, 1)] == books.balances(conn)
    assert 1_202 == verify(database.url).entries


def test_accounts_are_made_once_and_only_for_buyers_of_the_seller(conn, books):
    first = account_ids(conn, books.workspace_id, books.buyers)
    assert first == account_ids(conn, books.workspace_id, books.buyers)
    assert (set(books.buyers), "USD") == (set(first.wallet), first.currency)
    stranger = open_books(conn)
    with pytest.raises(NotFound, match=f"has no buyer {stranger.buyers[0]}"):
        account_ids(conn, books.workspace_id, stranger.buyers[:1])
    with pytest.raises(NotFound, match="has no seller"):
        account_ids(conn, str(uuid.uuid4()), [])
    assert {books.buyers[0]: 0, stranger.buyers[0]: 0} == wallet_balances(conn, [books.buyers[0], stranger.buyers[0]])


def test_a_workspace_that_sells_nothing_cannot_be_locked(conn, books):
    lock_sellers(conn, [books.workspace_id, books.workspace_id])
    with pytest.raises(NotFound, match="no seller is the workspace"):
        lock_sellers(conn, [books.workspace_id, str(uuid.uuid4())])


def test_the_database_itself_refuses_what_no_entry_may_be(conn, books):
    held = reserve(conn, **{**books.move(0, 100), "reason": str(fund(conn, **books.move(0, 1_000)))})
    own = account_ids(conn, books.workspace_id, books.buyers)
    wallet, card, held_of = own.wallet[books.buyers[0]], own.card, own.reserved[books.buyers[0]]
    other = open_books(conn)
    stranger = account_ids(conn, other.workspace_id, other.buyers).card
    euros = account_ids(conn, open_books(conn, currency="EUR").workspace_id, []).card
    for words, postings, more in (
        ("sums to -1, not to zero", ((1, card, -6), (2, wallet, 5)), {}),
        ("lines that are not numbered", ((1, card, -5), (3, wallet, 5)), {}),
        ("lines that are not numbered", ((2, card, -5), (3, wallet, 5)), {}),
        ("names an account that is not there", ((1, 10**9, -5), (2, wallet, 5)), {}),
        ("another workspace, buyer or currency", ((1, stranger, -5), (2, wallet, 5)), {}),
        ("another workspace, buyer or currency", ((1, euros, -5), (2, wallet, 5)), {}),
        ("another workspace, buyer or currency", ((1, card, -5), (2, wallet, 5)), {"buyer": 1}),
        ("no_negative_wallet", ((1, wallet, -901), (2, card, 901)), {}),
        ("cannot be the post of entry", ((1, held_of, -99), (2, own.revenue, 99)), {"kind": "post", "reverses": held}),
        ("cannot be the void of entry 1", ((1, card, -1_000), (2, wallet, 1_000)), {"kind": "void", "reverses": 1}),
        ("cannot be the refund of entry 77", ((1, card, -5), (2, wallet, 5)), {"kind": "refund", "reverses": 77}),
    ):
        with pytest.raises(refused.CheckViolation, match=words):
            raw_entry(conn, books, *postings, **more)
    assert [900, 0] == books.balances(conn)


def test_an_entry_and_its_postings_come_in_one_statement_or_not_at_all(conn, books):
    entry = fund(conn, **books.move(0, 1_000))
    account = account_ids(conn, books.workspace_id, []).card
    with pytest.raises(refused.CheckViolation, match="entry 1000 has no postings"):
        conn.execute(f"{ENTRY} VALUES (1000, %s, 'fund', NULL, 'x', 'r', now(), NULL)", [books.workspace_id])
    for words, rows in (
        ("entry 1000 has no entry", f"(1000, 1, {account}, -5), (1000, 2, {account}, 5)"),
        ("are not numbered", f"({entry}, 3, {account}, -5), ({entry}, 4, {account}, 5)"),
    ):
        with pytest.raises(refused.CheckViolation, match=words):
            conn.execute(f"{POSTINGS} VALUES {rows}")
    with pytest.raises(refused.UniqueViolation):
        conn.execute(f"{POSTINGS} VALUES ({entry}, 1, {account}, -5), ({entry}, 2, {account}, 5)")


def test_what_is_written_stays(conn, books):
    for statement in (
        "UPDATE market.ledger_entries SET reason = 'another'",
        "DELETE FROM market.ledger_entries",
        "TRUNCATE market.ledger_entries",
        "UPDATE market.ledger_postings SET amount_minor = 1",
        "DELETE FROM market.ledger_postings",
        "TRUNCATE market.ledger_postings",
        "UPDATE market.ledger_accounts SET balance_minor = 1000000",
        "DELETE FROM market.ledger_accounts",
        "TRUNCATE market.ledger_accounts",
        "INSERT INTO market.ledger_accounts (workspace_id, kind, currency, balance_minor) "
        "SELECT workspace_id, 'card', 'USD', -5 FROM market.sellers",
        "UPDATE market.ledger_seals SET entries = 1",
        "DELETE FROM market.ledger_seals",
        "TRUNCATE market.ledger_seal_marks",
    ):
        with pytest.raises(refused.RestrictViolation, match="the ledger only grows"):
            conn.execute(statement)


def test_a_move_is_undone_with_the_transaction_that_made_it(conn, books):
    with conn.transaction() as undone:
        fund(conn, **books.move(0, 1_000))
        raise psycopg.Rollback(undone)
    assert [0, 0] == books.balances(conn)
