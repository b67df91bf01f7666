"""What a recipe may say: the built-in ones keep the contract, and every mistake is named by its line and field."""

from pathlib import Path

import pytest

from lead_pipeline.contracts.recipes import Recipe, parse_recipe
from lead_pipeline.errors import RepairRefused
from lead_pipeline.steps.recipes import FOLDER, built_in_recipes, edit_by_columns, load_recipe
from lead_pipeline.store.quarantine import QuarantinedRow

HEAD = "name: own\ndescription: d\nwhere: {column: email}\n"


def test_every_built_in_recipe_keeps_the_contract_and_is_named_after_its_file():
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == sorted(one.name for one in built_in_recipes())
    assert {"clear-revenue", "clear-employee-count", "spelled-out-at", "swap-email-and-phone", "clear-email"} <= {
        one.name for one in built_in_recipes()
    }


def test_recipes_that_forget_a_value_are_tried_last():
    loses = [recipe.loses_a_value for recipe in built_in_recipes()]
    assert sorted(loses) == loses


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD, "line 1: must have exactly one of columns and sql"),
        (HEAD + "columns: {}\n", "line 4, columns: changes no column"),
        (
            HEAD + "columns:\n  emial: {clear: true}\n",
            "line 4, columns: emial is none of our columns: did you mean email?",
        ),
        (HEAD + "columns:\n  email: {cleer: true}\n", "line 5, columns.email.cleer: is not a known key"),
        (HEAD + "columns:\n  email: {clear: true, value: a}\n", "line 5, columns.email: must say exactly one of"),
        (HEAD + "columns:\n  email: {value: 5}\n", "line 5, columns.email.value: must be text, but is 5"),
        (HEAD + "columns:\n  email: {replace: ['(', '']}\n", "no RE2 pattern"),
        (HEAD + "columns:\n  email: {replace: [a]}\n", "must be [regex, replacement]"),
        (HEAD + "sql: delete from waiting\n", "line 4, sql: must be one SELECT"),
        (HEAD + "sql: select 1\nsql: select 2\n", "line 5 names the key 'sql' again"),
        (
            HEAD.replace("column: email", "source: csv") + "sql: select 1\n",
            "line 3, where: names neither check nor column",
        ),
        (HEAD.replace("name: own", "name: My Own") + "sql: select 1\n", "line 1, name"),
        ("- a\n", "holds no recipe"),
        ("name: &a own\ndescription: *a\n", "alias"),
        ("a: [", "cannot be read as YAML"),
        ("#" * 70_000, "bytes"),
        ("[" * 30 + "]" * 30, "nests deeper"),
    ],
)
def test_a_mistake_is_named_by_its_line_and_field(text, words):
    with pytest.raises(RepairRefused) as refusal:
        parse_recipe(text, "own.yaml")
    assert words in str(refusal.value)


def test_every_problem_of_a_file_is_told_at_once():
    with pytest.raises(RepairRefused, match=r"3 problem\(s\) in recipe own"):
        parse_recipe("name: X Y\nwhere: {column: a}\nsurprise: 1\nsql: select 1\n", "own")


def row(**cells):
    nothing = dict.fromkeys(QuarantinedRow.__dataclass_fields__)
    return QuarantinedRow(**{**nothing, "drop_id": 1, "row_no": 0, "row": cells, "reasons": []})


def changed(columns, **cells):
    recipe = Recipe.model_validate({"name": "own", "description": "d", "where": {"column": "x"}, "columns": columns})
    [edited] = edit_by_columns(recipe.columns, [row(**cells)])
    return edited


def test_changes_read_the_row_as_it_was_so_that_columns_can_be_swapped():
    edited = changed({"email": {"from": "phone"}, "phone": {"from": "email"}}, email="1", phone="a@b.com")
    assert {"email": "a@b.com", "phone": "1"} == edited


def test_a_change_takes_an_attribute_a_literal_or_nothing():
    columns = {"email": {"from": "Mail 2"}, "job_title": {"value": "Owner"}, "revenue": {"clear": True}}
    edited = changed(columns, attributes='{"Mail 2": "a@b.com"}', revenue="much", phone="1")
    assert ("a@b.com", "Owner", None, "1") == tuple(edited[c] for c in ("email", "job_title", "revenue", "phone"))


@pytest.mark.parametrize(
    ("given", "want"),
    [
        ("jane at acme dot com", "jane@acme.com"),
        ("Jane.Doe(at)acme.com", "Jane.Doe@acme.com"),
        ("jane [AT] mail [dot] acme [DOT] co [dot] uk", "jane@mail.acme.co.uk"),
        ("jane <at> acme {dot} com", "jane@acme.com"),
        ("matt@dotcom.com", "matt@dotcom.com"),
        ("no-at-sign", "no-at-sign"),
        (None, None),
    ],
)
def test_signs_that_are_spelled_out_are_put_back(given, want):
    recipe, _ = load_recipe("spelled-out-at")
    [edited] = edit_by_columns(recipe.columns, [row(email=given)])
    assert want == edited["email"]


def test_a_recipe_file_that_cannot_be_read_is_refused_in_words(tmp_path: Path):
    with pytest.raises(RepairRefused, match="cannot be read"):
        load_recipe(str(tmp_path / "none.yaml"))
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9")
    with pytest.raises(RepairRefused, match="not UTF-8"):
        load_recipe(str(tmp_path / "latin.yaml"))
