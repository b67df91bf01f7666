"""The documents name only what is there: paths, tests, links; each finished row names code and a test."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEATURES = ROOT / "docs" / "features.md"
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
MIGRATIONS = "lead_pipeline/store/migrations/versions/"
TOP = "lead_pipeline|dbt_project|tests|docs|scripts|benchmarks|requirements"
PATH = re.compile(rf"`((?:M/|(?:{TOP})/)[\w./-]*)(?:::(\w+))?`")
LINK = re.compile(r"\]\(((?!https?:)[^)#\s]*)(?:#([^)\s]*))?\)")
ROW = re.compile(r"^\| ([A-Z]-\d\d) \|(.*)\|$", re.MULTILINE)


@cache
def functions_of(path):
    """The functions of a test file."""
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def anchors(document):
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def name(document):
    return str(document.relative_to(ROOT))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_path_and_test_that_a_document_names_is_there(document):
    missing = []
    for path, test in PATH.findall(document.read_text()):
        file = ROOT / (MIGRATIONS + path[2:] if path.startswith("M/") else path)
        if not file.exists() or (test and test not in functions_of(file)):
            missing.append(f"{path}::{test}" if test else path)
    assert [] == missing, "correct the document, or the name that has changed"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_of_a_document_leads_somewhere(document):
    dead = []
    for path, anchor in LINK.findall(document.read_text()):
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(f"{path}#{anchor}")
    assert [] == dead


def test_every_row_names_code_and_a_test_and_stands_once_in_order():
    rows = ROW.findall(FEATURES.read_text())
    assert rows
    assert sorted({row for row, _ in rows}) == [row for row, _ in rows]
    for row, cells in rows:
        what, code, tests = (cell.strip() for cell in cells.split("|"))
        assert what, row
        assert PATH.search(code), row
        assert all(test for _, test in PATH.findall(tests)), row
        assert PATH.search(tests), row
