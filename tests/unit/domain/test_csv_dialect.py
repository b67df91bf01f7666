"""Encoding, delimiter and newline are found, and what is no CSV is refused by its name."""

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.csv_dialect import SAMPLE_BYTES, Dialect, dialect_of, sniff
from lead_pipeline.errors import FileRefused

TEXT = "name;city\r\nJosé;Zürich\r\n"


@pytest.mark.parametrize(
    ("encoding", "mark", "found"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
        ("utf-32-le", b"\xff\xfe\x00\x00", "utf-32-le"),
        ("latin-1", b"", "cp1252"),
    ],
)
def test_the_encoding_is_found_with_and_without_a_mark(encoding, mark, found):
    assert Dialect(found, ";", '"', "\r\n", len(mark)) == sniff(mark + TEXT.encode(encoding))


@pytest.mark.parametrize("given_encoding", ["utf-16", "UTF-16LE", None])
def test_a_mark_is_skipped_whether_or_not_its_encoding_was_given(given_encoding):
    assert 2 == sniff(b"\xff\xfe" + TEXT.encode("utf-16-le"), encoding=given_encoding).skip_bytes


def test_bytes_outside_cp1252_are_read_as_latin_1():
    assert "latin-1" == sniff(b"name,city\nA,\x81\xe9\n").encoding


def test_a_sample_that_is_cut_inside_a_character_is_still_utf_8():
    assert "utf-8" == sniff(("name,city\n" + "é" * SAMPLE_BYTES).encode()[:SAMPLE_BYTES]).encoding
    assert "utf-8" == sniff("name,city\né,ü".encode()[:-1]).encoding


def test_a_short_latin_1_file_may_end_in_an_accent():
    assert "cp1252" == sniff("name,city\nA,Ré".encode("latin-1")).encoding


def test_latin_1_after_an_ascii_sample_is_found_by_reading_the_whole_file():
    data = b"name,city\n" + b"A,B\n" * SAMPLE_BYTES + b"Ren\xe9,Paris\n"
    assert "utf-8" == sniff(data[:SAMPLE_BYTES]).encoding
    assert "cp1252" == dialect_of(io.BytesIO(data)).encoding
    assert "latin-1" == dialect_of(io.BytesIO(data + b"\x81")).encoding


def test_a_null_byte_far_into_the_file_is_refused_with_its_position():
    data = b"name,city\n" + b"A,B\n" * SAMPLE_BYTES
    with pytest.raises(FileRefused, match=f"null byte at byte {len(data) + 2}\\b"):
        dialect_of(io.BytesIO(data + b"A,\x00"))


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n3,1;4,2\n", ";"),
        ("a\tb\nx, y\tz\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"),
        ("email\na@example.com\n", ","),
        ('"a;b;c;d",e\n"1;2",3\n', ","),
        ('a,b\n"one\ntwo; three",4\n', ","),
        ("sep=;\na;b\n1;2\n", ";"),
    ],
)
def test_the_delimiter_is_the_one_whose_rows_agree(text, delimiter):
    assert delimiter == sniff(text.encode()).delimiter


def test_a_given_delimiter_wins_and_an_impossible_one_is_refused():
    assert ";" == sniff(b"a,b;c\n", delimiter=";").delimiter
    with pytest.raises(FileRefused, match="delimiter '::' cannot be used"):
        sniff(b"a::b\n", delimiter="::")


def test_a_spreadsheets_sep_line_is_skipped():
    assert 7 == sniff(b"sep=;\r\na;b\r\n").skip_bytes


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty file"),
        (b"\xef\xbb\xbf \r\n\r\n", "empty file"),
        (b"PK\x03\x04rest", "save it as CSV"),
        (gzip.compress(b"a,b\n", mtime=0), "gzip"),
        (b"PAR1\x15\x04", "parquet"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "xls"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"a,b,c\n\x00,2,3\n", "null byte at byte 6"),
    ],
)
def test_what_is_no_csv_is_refused_by_name(data, words):
    with pytest.raises(FileRefused, match=words):
        sniff(data)


def test_a_header_may_begin_with_the_letters_of_a_binary_format():
    assert "," == sniff(b"PAR1,PAR2\n1,2\n").delimiter


def test_a_file_that_is_not_in_the_given_encoding_is_refused_with_the_byte():
    with pytest.raises(FileRefused, match="byte 4 is not utf-8 text"):
        sniff(b"a,b\n\xe9,2\n", encoding="utf-8")
    with pytest.raises(FileRefused, match="'klingon' is not known"):
        sniff(b"a,b\n", encoding="klingon")


@given(st.binary(max_size=60))
def test_any_bytes_are_decided_or_refused(data):
    try:
        dialect = dialect_of(io.BytesIO(data))
    except FileRefused:
        return
    data[dialect.skip_bytes :].decode(dialect.encoding)
