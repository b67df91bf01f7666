"""received = accepted + duplicate + quarantined, for one drop and for any sum of them."""

from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.accounting import Accounting

rows = st.integers(min_value=0, max_value=10**9)
accountings = st.builds(Accounting, rows, rows, rows)


def test_nothing_received_is_nothing_of_each() -> None:
    assert Accounting(0, 0, 0) == Accounting()
    assert 0 == Accounting().received


@given(accountings, accountings, accountings)
def test_sums_account_for_every_row_in_any_order(one: Accounting, two: Accounting, three: Accounting) -> None:
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert one == one + Accounting()
    assert one.received + two.received == (one + two).received
    assert one.received == one.accepted + one.duplicate + one.quarantined
