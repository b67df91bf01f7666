"""The digest of a day, and what the marks tell of lines that are not what they were."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.ledger_digest import GENESIS, DayDigest, differences, marks_of, read_marks

DAY = date(2026, 11, 22)
LINES = st.dictionaries(st.integers(1, 2**63 - 1), st.binary(max_size=40), max_size=20).map(
    lambda lines: sorted(lines.items())
)


def digest_of(lines, previous=GENESIS, day=DAY):
    digest = DayDigest(previous, day)
    digest.add(lines)
    return digest.digest()


def test_a_day_has_the_digest_that_it_had_when_the_first_one_was_sealed():
    expected = "a86adb995853ada1c2ee49073c8c4393ec3d28a6d55189d60c8a5a4a5dced74b"
    assert expected == digest_of([(1, b"1\ta"), (2, b"2\tb")]).hex()


@given(LINES, st.integers(0, 20))
def test_lines_may_come_a_few_at_a_time(lines, cut):
    digest = DayDigest(GENESIS, DAY)
    digest.add(lines[:cut])
    digest.add(lines[cut:])
    assert (len(lines), digest_of(lines)) == (digest.entries, digest.digest())


@given(LINES, LINES)
def test_other_lines_have_another_digest(one, other):
    assert ([line for _, line in one] == [line for _, line in other]) == (digest_of(one) == digest_of(other))


def test_where_one_line_ends_is_part_of_the_digest():
    assert digest_of([(1, b"ab"), (2, b"c")]) != digest_of([(1, b"a"), (2, b"bc")])


def test_the_day_and_the_seal_before_it_are_part_of_the_digest():
    lines = [(1, b"1\ta")]
    assert digest_of(lines) != digest_of(lines, day=DAY + timedelta(days=1))
    assert digest_of(lines) != digest_of(lines, previous=digest_of([]))


@given(LINES)
def test_lines_that_are_as_they_were_differ_in_nothing(lines):
    assert [] == list(differences(read_marks([marks_of(lines)] if lines else []), lines))


@given(LINES.filter(bool), LINES, st.data())
def test_each_line_that_was_altered_added_or_removed_is_named(before, more, data):
    now = dict(before)
    expected = {}
    for entry_id, _ in before:
        change = data.draw(st.sampled_from(("stays", "was altered", "was removed")))
        if change == "was altered":
            now[entry_id] += b"!"
        if change == "was removed":
            del now[entry_id]
        if change != "stays":
            expected[entry_id] = change
    for entry_id, line in more:
        if entry_id not in dict(before):
            now[entry_id] = line
            expected[entry_id] = "was added after the day was sealed"
    found = list(differences(read_marks([marks_of(before)]), sorted(now.items())))
    assert sorted(expected.items()) == found
