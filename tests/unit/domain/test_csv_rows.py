"""Every row of a CSV file is read as the csv module reads it, or kept whole as a bad row."""

import csv
import io
import json
import signal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead_pipeline.domain import csv_rows
from lead_pipeline.domain.csv_dialect import Dialect, dialect_of
from lead_pipeline.domain.csv_rows import MOST_BAD_ROWS, BadRow, count_rows, read_chunks, read_header
from lead_pipeline.errors import FileRefused
from tests.examples import examples

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not here")
SPECTRUM = sorted(path.stem for path in DATA.glob("csv_spectrum/csvs/*.csv"))

FIELD_TEXT = st.text(st.sampled_from('ab",;\r\n é\ufeff日\t'), max_size=6)
RAW_TEXT = st.lists(st.sampled_from(['"', '""', ",", "\n", "\r", "\r\n", "a", " ", "é", "\ufeff"]), max_size=40)


def read(data, *, chunk_rows=1000, start_row=0, dialect=None, **options):
    """Row number -> the row's cells, or its BadRow; in file order."""
    stream = io.BytesIO(data)
    found, expected_first = {}, start_row
    for chunk in read_chunks(
        stream, dialect or dialect_of(stream), chunk_rows=chunk_rows, start_row=start_row, **options
    ):
        assert expected_first == chunk.first_row
        assert chunk.next_row - chunk.first_row == len(chunk.rows) + len(chunk.bad) <= chunk_rows
        assert all(dtype == "str" for dtype in chunk.rows.dtypes)
        cells = chunk.rows.itertuples(index=False, name=None)
        found |= dict(zip(chunk.row_no.tolist(), map(list, cells), strict=True))
        found |= {bad.row_no: bad for bad in chunk.bad}
        expected_first = chunk.next_row
    assert list(range(start_row, start_row + len(found))) == sorted(found)
    return [found[number] for number in sorted(found)]


def by_csv_module(text):
    return [record for record in csv.reader(io.StringIO(text, newline="")) if record]


@needs_data
@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum_gives_its_published_cells(name):
    data = (DATA / "csv_spectrum" / "csvs" / f"{name}.csv").read_bytes()
    if "crlf" in name:  # our copies of these lost their carriage returns; the JSON kept them
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    header = read_header(io.BytesIO(data), dialect_of(io.BytesIO(data)))
    expected = json.loads((DATA / "csv_spectrum" / "json" / f"{name}.json").read_text(encoding="utf-8"))
    rows = [dict(zip(header, row, strict=True)) for row in read(data)]
    if name == "location_coordinates":  # published as one object, with a phone number that is not the file's
        expected = [expected | {"Contact Phone Number": "2095257564"}]
    assert expected == rows


@needs_data
def test_csv_spectrum_is_whole():
    assert 12 == len(SPECTRUM)


@needs_data
@pytest.mark.parametrize(
    ("name", "header", "rows"),
    [
        (
            "bad",
            ["column_a", "column_b", "column_c"],
            [
                BadRow(0, "expected 3 fields, found 4", '1,27,,"I\'m too long!"'),
                BadRow(1, "expected 3 fields, found 2", ',"I\'m too short!"'),
                ["0", "mixed types.... uh oh", "17"],
            ],
        ),
        ("dummy_col_shuffled_ragged", ["b", "c", "a", "d"], [["2", "3", "1", "4"]]),
        ("mac_newlines", ["a", "b", "c"], [["1", "2", "3"], ["Once upon\ra time", "5", "6"]]),
        ("no_header_row", ["1", "2", "3"], []),
        ("optional_quote_characters", ["a", "b", "c"], [["1", "2", "3"]]),
        ("test_empty_columns_long_row", ["a", "b", "c"], [BadRow(0, "expected 3 fields, found 4", ",,,")]),
        ("test_empty_columns_short_row", ["a", "b", "c"], [BadRow(0, "expected 3 fields, found 2", ",")]),
        ("test_extra_header", ["a", "b", "c", "d"], [BadRow(0, "expected 4 fields, found 3", "1,2,3")]),
        ("test_latin1", ["a", "b", "c"], [["1", "2", "3"], ["4", "5", "©"]]),
        ("test_utf16_big", ["a", "b", "c"], [["1", "2", "3"], ["4", "5", "ʤ"]]),
        ("test_utf16_little", ["a", "b", "c"], [["1", "2", "3"], ["4", "5", "ʤ"]]),
        ("test_utf8", ["foo", "bar", "baz"], [["1", "2", "3"], ["4", "5", "ʤ"]]),
        ("test_utf8_bom", ["foo", "bar", "baz"], [["1", "2", "3"], ["4", "5", "ʤ"]]),
    ],
)
def test_an_awkward_file_gives_its_cells(name, header, rows):
    data = (DATA / "csv_awkward" / f"{name}.csv").read_bytes()
    assert header == read_header(io.BytesIO(data), dialect_of(io.BytesIO(data)))
    assert rows == read(data)


@needs_data
@pytest.mark.parametrize(("name", "words"), [("empty", "empty file"), ("null_byte", "null byte at byte 6")])
def test_an_awkward_file_is_refused_by_name(name, words):
    with pytest.raises(FileRefused, match=words):
        dialect_of(io.BytesIO((DATA / "csv_awkward" / f"{name}.csv").read_bytes()))


@given(
    st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(FIELD_TEXT, min_size=width, max_size=width))),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-16-le", "utf-16-be"]),
)
def test_what_the_csv_module_writes_is_read_back(rows, newline, encoding):
    width = len(rows[0]) if rows else 1
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=newline, quoting=csv.QUOTE_ALL).writerows([[f"h{i}" for i in range(width)], *rows])
    assert rows == read(out.getvalue().encode(encoding), dialect=Dialect(encoding))


@settings(max_examples=examples(300))
@given(RAW_TEXT.map("".join), st.integers(1, 3), st.sampled_from([40, 64, 1 << 20]))
def test_any_text_gives_the_csv_modules_cells_or_the_row_whole(body, width, block_bytes):
    header = ",".join(f"h{i}" for i in range(width))
    expected = by_csv_module(f"{header}\n{body}")[1:]
    try:
        rows = read(f"{header}\n{body}".encode(), dialect=Dialect(), block_bytes=block_bytes)
    except FileRefused:
        assert block_bytes < 1 << 20
        return
    assert len(expected) == len(rows)
    for row, cells in zip(rows, expected, strict=True):
        if isinstance(row, BadRow):
            assert [cells] == by_csv_module(row.text)
            assert len(cells) != width or "never closed" in row.reason
        else:
            assert cells == row


@given(st.binary(max_size=80), st.integers(1, 5), st.integers(0, 8))
def test_chunk_size_and_start_row_change_nothing(body, chunk_rows, start_row):
    data = b"a,b\n" + body
    try:
        whole = read(data)
    except FileRefused:
        return
    assert whole == read(data, chunk_rows=chunk_rows)
    assert whole[start_row:] == read(data, chunk_rows=chunk_rows, start_row=start_row)


def test_chunks_are_full_over_good_and_bad_rows():
    data = b"a,b\n" + b"1,2\n3\n\n" * 50
    chunks = list(read_chunks(io.BytesIO(data), Dialect(), chunk_rows=30, block_bytes=16))
    assert [(0, 30), (30, 60), (60, 90), (90, 100)] == [(c.first_row, c.next_row) for c in chunks]
    assert [1, 3, 5] == [bad.row_no for bad in chunks[0].bad][:3]


@pytest.mark.parametrize("shift", range(12))
def test_a_newline_inside_quotes_survives_the_end_of_a_block(shift):
    data = b"a,b\n" + b"x" * shift + b'x,"1\r\n2"\r\n'
    assert [["x" * (shift + 1), "1\r\n2"]] == read(data, dialect=Dialect(), block_bytes=16)


@pytest.mark.parametrize("tail", ['3,"4\n5,6\n', '3,4,"5', '"', '3,"4""\n'])
def test_a_quote_that_is_never_closed_keeps_the_rest_of_the_file_as_one_bad_row(tail):
    rows = read(b"a,b\n1,2\n" + tail.encode())
    assert [["1", "2"], BadRow(1, "a quote opened in this row is never closed", tail)] == rows


def test_a_row_longer_than_a_block_is_refused_with_its_number():
    with pytest.raises(FileRefused, match="row 1 on is longer than 32 bytes"):
        read(b'a,b\n1,2\n3,"' + b"x\n" * 100, dialect=Dialect(), block_bytes=32)


def test_a_null_or_undecodable_byte_in_the_stream_is_refused_with_its_position():
    for byte, words in ((b"\x00", "null byte at byte 10"), (b"\xe9", "byte 10 is not utf-8 text")):
        with pytest.raises(FileRefused, match=words):
            read(b"a,b\n1,2\n3," + byte + b"\n", dialect=Dialect())


def test_labels_are_made_unique_and_empty_ones_named():
    header = read_header(io.BytesIO(b'\n Email ,,Email,"a\nb"\n'), Dialect())
    assert ["Email", "column_2", "Email_2", "a\nb"] == header


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b",,\n1,2,3\n", "every cell of the first row is empty"),
        (b'"a,b\n1,2\n', "never closed"),
        (b"\n\n", "empty file"),
    ],
)
def test_a_first_row_that_cannot_be_a_header_is_refused(data, words):
    with pytest.raises(FileRefused, match=words):
        read_header(io.BytesIO(data), Dialect())


def test_quotes_are_letters_where_the_dialect_has_none():
    assert [['"1', '2"']] == read(b'a\tb\n"1\t2"\n', dialect=Dialect(delimiter="\t", quotechar=None))


def test_a_reader_may_be_left_early_and_the_stream_stays_open():
    stream = io.BytesIO(b"a,b\n" + b"1,2\n" * 100_000)
    assert 10 == next(read_chunks(stream, Dialect(), chunk_rows=10)).next_row
    assert not stream.closed


def test_an_interrupt_while_a_bad_row_is_handed_over_ends_the_reading_as_an_interrupt(monkeypatch):
    def interrupted(*bad):
        signal.raise_signal(signal.SIGINT)
        return BadRow(*bad)

    monkeypatch.setattr(csv_rows, "BadRow", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read(b"a,b\n" + b"1,2\n" * 20 + b"3\n", dialect=Dialect(), block_bytes=32)


@given(
    table=st.lists(st.lists(st.sampled_from(["a", "", '"q"', "x\ny", '"', "é"]), min_size=1, max_size=4), max_size=12),
    end=st.sampled_from(["", "\n", '"', '\n"open', "\n,,,,"]),
)
def test_counting_finds_as_many_rows_as_reading_yields(table, end):
    text = "a,b,c\n" + "\n".join(",".join(row) for row in table) + end
    dialect = Dialect()
    last = 0
    for chunk in read_chunks(io.BytesIO(text.encode()), dialect, chunk_rows=3):
        last = chunk.next_row
    assert last == count_rows(io.BytesIO(text.encode()), dialect)


def test_a_file_whose_rows_nearly_all_misfit_the_header_is_refused_before_it_is_counted():
    text = b"a,b,c\n" + b"1,2\n" * (MOST_BAD_ROWS + 600_000)
    with pytest.raises(FileRefused, match="have not as many fields as the first row"):
        count_rows(io.BytesIO(text), Dialect(), block_bytes=64 << 10)
