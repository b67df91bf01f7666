"""Published files that are awkward on purpose: each comes in with the right counts, or is refused by its name."""

import json
from pathlib import Path

import pytest

from lead_pipeline.domain.csv_dialect import dialect_of
from lead_pipeline.domain.csv_rows import read_header
from lead_pipeline.errors import FileRefused
from lead_pipeline.steps.import_csv import import_csv
from lead_pipeline.steps.land_csv import Reading, land_csv
from lead_pipeline.steps.run import Run
from lead_pipeline.store.drops import accounting_of
from lead_pipeline.store.workspaces import save_workspace

pytestmark = pytest.mark.integration
# File: accepted, duplicate, quarantined, its first column taken for the company's name; or why it is refused.
AWKWARD = {
    "bad.csv": (1, 0, 2),
    "dummy_col_shuffled_ragged.csv": (1, 0, 0),
    "empty.csv": "empty file",
    "mac_newlines.csv": (2, 0, 0),
    "no_header_row.csv": (0, 0, 0),
    "null_byte.csv": "null byte at byte 6",
    "optional_quote_characters.csv": (1, 0, 0),
    "test_empty_columns_long_row.csv": (0, 0, 1),
    "test_empty_columns_short_row.csv": (0, 0, 1),
    "test_extra_header.csv": (0, 0, 1),
    "test_latin1.csv": (2, 0, 0),
    "test_utf16_big.csv": (2, 0, 0),
    "test_utf16_little.csv": (2, 0, 0),
    "test_utf8.csv": (2, 0, 0),
    "test_utf8_bom.csv": (2, 0, 0),
}
SPECTRUM = (
    "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "location_coordinates", "newlines",
    "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8",
)  # fmt: skip
# The published pair does not agree with itself here; this is what its CSV file says.
CORRECTED = {"location_coordinates": {"Contact Phone Number": "2095257564"}}


@pytest.fixture
def load(database, tmp_path):
    """Import a file with its first column as the company's name. Returns the connection and the counts."""
    with database.connect() as conn:
        save_workspace(conn, slug="acme", name="Acme")

        def do(path: Path, **columns):
            run, blobs = Run("test-run"), str(tmp_path)
            landed = land_csv(database.url, blobs, path, "acme", reading=Reading(columns=columns), run=run)
            import_csv(database.url, blobs, landed.drop_id, run)
            counts = accounting_of(conn, landed.drop_id)
            return conn, (counts.accepted, counts.duplicate, counts.quarantined)

        yield do


def first_column(path):
    with path.open("rb") as stream:
        return read_header(stream, dialect_of(stream))[0]


@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_file_comes_in_or_is_refused_and_leaves_nothing(load, database, real_data, name):
    path, expected = real_data / "csv_awkward" / name, AWKWARD[name]
    if isinstance(expected, str):
        with pytest.raises(FileRefused, match=expected):
            load(path)
        with database.connect() as conn:
            assert (0, 0, 0) == conn.execute(
                "SELECT (SELECT count(*) FROM raw.drops), (SELECT count(*) FROM core.bulk_upload_jobs), "
                "(SELECT count(*) FROM core.leads)"
            ).fetchone()
        return
    with pytest.raises(FileRefused, match="no usable header"):
        load(path)
    _, counts = load(path, company_name=first_column(path))
    assert expected == counts


@pytest.mark.parametrize("name", SPECTRUM)
def test_every_cell_of_a_published_file_is_kept(load, real_data, name):
    path = real_data / "csv_spectrum" / "csvs" / f"{name}.csv"
    expected = json.loads((real_data / "csv_spectrum" / "json" / f"{name}.json").read_text("utf-8"))
    expected = [expected] if isinstance(expected, dict) else expected
    expected = [row | CORRECTED.get(name, {}) for row in expected]
    first = first_column(path)
    conn, counts = load(path, company_name=first)
    assert (len(expected), 0, 0) == counts
    rows = conn.execute(
        "SELECT company_name, attributes, last_name, city, postal_code FROM core.leads ORDER BY row_no"
    ).fetchall()
    for wanted, (company, attributes, *matched) in zip(expected, rows, strict=True):
        assert " ".join(wanted.pop(first).split()) == company
        for column, cell in wanted.items():
            assert cell in ((attributes or {}).get(column, ""), *matched), column
