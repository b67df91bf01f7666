"""The house rules that no linter knows: sizes, names, docstrings, and nothing in it of one machine."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIZES = (
    ("lead_pipeline", "*.py", 300),
    ("benchmarks", "*.py", 300),
    ("tests", "*.py", 400),
    ("dbt_project/models", "*.sql", 80),
    ("dbt_project/tests", "*.sql", 80),
    ("dbt_project/macros", "*.sql", 80),
)
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
IS_PROSE = {".md", ".py", ".sql", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".json", ".txt", ".lock", ".csv", ""}
SKIPPED = {"__pycache__", "target", "logs", "dbt_packages"}
# Written in pieces, so that this file does not name what it looks for.
MACHINE = re.compile(
    r"(?<![\w.~$}>])/(?:work|home|Users|root|mnt|builds)/\w"
    r"|--(?:extra-)?index" + r"-url[ =]\S|https?://[^\s\"']*/(?:simple|pypi)(?:/|\b)"
    r"|https?://(?:pypi\." + r"org|files\.pythonhosted\." + r"org)"
)
FOLDERS = ("lead_pipeline", "tests", "benchmarks", "docs", "dbt_project", "requirements", "scripts", ".ci")


@cache
def files(folder, pattern="*"):
    found = (path for path in sorted((ROOT / folder).rglob(pattern)) if path.is_file())
    return [path for path in found if not SKIPPED & set(path.relative_to(ROOT).parts)]


@cache
def tree(path):
    return ast.parse(path.read_text(), str(path))


def python_files():
    return [path for folder in ("lead_pipeline", "tests", "benchmarks") for path in files(folder, "*.py")]


def name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(("folder", "pattern", "most"), SIZES)
def test_no_file_is_longer_than_its_kind_may_be(folder, pattern, most):
    lengths = {name(path): len(path.read_text().splitlines()) for path in files(folder, pattern)}
    assert {} == {path: length for path, length in lengths.items() if length > most}


def test_every_module_opens_with_what_it_holds():
    assert [] == [name(path) for path in python_files() if not ast.get_docstring(tree(path))]


def test_no_file_or_folder_has_a_name_that_says_nothing():
    found = {part for path in python_files() for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}
    assert set() == {part for part in found if part.lstrip("_") in FORBIDDEN_NAMES}


def test_only_the_command_line_prints():
    calls = [
        f"{name(path)}:{node.lineno}"
        for path in files("lead_pipeline", "*.py")
        if "cli" not in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert [] == calls


def test_whoever_catches_everything_raises_again():
    swallowed = [
        f"{name(path)}:{node.lineno}"
        for path in files("lead_pipeline", "*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node)
        if not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]
    assert [] == swallowed


def _catches_everything(handler):
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException")) for kind in kinds
    )


def test_nothing_names_a_machines_folder_or_a_package_index():
    listed = [path for folder in FOLDERS for path in files(folder)] + [
        path for path in ROOT.iterdir() if path.is_file()
    ]
    hits = [
        f"{name(path)}: {found.group()}"
        for path in listed
        if path.suffix in IS_PROSE and path.name != ".git" and path != Path(__file__)
        for found in MACHINE.finditer(path.read_text(errors="replace"))
    ]
    assert [] == hits


def test_no_comment_leaves_work_for_later():
    words = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    assert [] == [name(path) for path in python_files() if words.search(path.read_text())]


def test_tests_are_named_as_sentences_and_no_two_alike_in_a_file():
    for path in files("tests", "test_*.py"):
        names = [
            node.name for node in tree(path).body if isinstance(node, ast.FunctionDef) and node.name.startswith("test")
        ]
        assert len(set(names)) == len(names), name(path)
        assert [] == [test for test in names if test.count("_") < 3], name(path)
