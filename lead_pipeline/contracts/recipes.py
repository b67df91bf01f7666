"""What a repair recipe may say: which waiting rows it is for, and how it edits them. Applies nothing."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictStr,
    ValidationError,
    field_validator,
    model_validator,
)

from lead_pipeline.contracts.yaml_text import MAX_DEPTH, line_of, read_yaml
from lead_pipeline.domain.lead_columns import RAW_TEXT
from lead_pipeline.errors import RepairRefused

MAX_BYTES = 65_536
_ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
_LEADING_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)

Line = Annotated[StrictStr, Field(min_length=1, max_length=200, pattern=_ONE_LINE)]
Replacement = Annotated[tuple[StrictStr, StrictStr], Field(strict=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Where(_Part):
    """Rows of which one reason begins with `check` and is about `column`; workspace and source narrow it."""

    check: Line | None = None
    column: Line | None = None
    workspace: Line | None = None
    source: Line | None = None

    @model_validator(mode="after")
    def _is_about_a_reason(self) -> Self:
        if self.check is None and self.column is None:
            raise ValueError("names neither check nor column: say which rows it is for")
        return self


class Change(_Part):
    """One column's new value: what `from` (by default the column itself) holds, with `replace` done to it; or a
    literal `value`; or nothing. Every change sees the row as it was, so two columns can be swapped.
    """

    from_: Line | None = Field(default=None, alias="from")
    replace: tuple[Replacement, ...] = ()
    value: Annotated[StrictStr, Field(min_length=1, max_length=2000)] | None = None
    clear: StrictBool = False

    @field_validator("replace", mode="before")
    @classmethod
    def _pairs(cls, given: Any) -> Any:
        """One pair may stand without its outer list."""
        is_list = isinstance(given, list)
        if is_list and len(given) == 2 and all(isinstance(part, str) for part in given):
            return (tuple(given),)
        pairs_only = is_list and given and all(isinstance(pair, list) and len(pair) == 2 for pair in given)
        if not pairs_only:
            raise ValueError("must be [regex, replacement], or a list of such pairs")
        return tuple(tuple(pair) for pair in given)

    @field_validator("replace")
    @classmethod
    def _compiles(cls, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        for pattern, to in pairs:
            try:
                pc.replace_substring_regex(pa.array(["a"]), pattern, to)
            except pa.ArrowInvalid as error:
                raise ValueError(f"{pattern!r} is no RE2 pattern or {to!r} no replacement for it: {error}") from None
        return pairs

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        kinds = (self.from_ is not None or bool(self.replace), self.value is not None, self.clear)
        if sum(kinds) != 1:
            raise ValueError("must say exactly one of: from and/or replace; value; clear: true")
        return self


class Recipe(_Part):
    """A named repair. `columns`: our column to its change. `sql`: one SELECT over waiting(drop_id, row_no, row)."""

    name: Annotated[StrictStr, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$", max_length=80)]
    description: Annotated[StrictStr, Field(min_length=1, max_length=1000)]
    where: Where
    columns: dict[StrictStr, Change] | None = None
    sql: Annotated[StrictStr, Field(max_length=20_000)] | None = None

    @property
    def loses_a_value(self) -> bool:
        """Whether it repairs by forgetting what was sent: others are tried first."""
        return any(change.clear for change in (self.columns or {}).values())

    @field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, Change] | None) -> dict[str, Change] | None:
        if columns is not None and not columns:
            raise ValueError("changes no column")
        for name in columns or {}:
            if name not in RAW_TEXT:
                close = get_close_matches(name, RAW_TEXT, n=1)
                hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(RAW_TEXT)}"
                raise ValueError(f"{name} is none of our columns: {hint}")
        return columns

    @field_validator("sql")
    @classmethod
    def _reads(cls, text: str | None) -> str | None:
        if text is None:
            return None
        statement = _LEADING_COMMENTS.sub("", text, count=1).rstrip().rstrip(";").rstrip()
        if not re.match(r"(?i)(?:select|with)\b", statement):
            raise ValueError("must be one SELECT over waiting(drop_id, row_no, row)")
        return statement

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.columns is None) == (self.sql is None):
            raise ValueError("must have exactly one of columns and sql")
        return self


def parse_recipe(text: str, name: str) -> Recipe:
    """Read a recipe file. Raises RepairRefused with every problem, each named by line and field."""
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        raise RepairRefused(f"recipe {name} has more than {MAX_BYTES:,} bytes: it is no recipe.")
    try:
        content = read_yaml(text)
    except (yaml.YAMLError, ValueError) as error:
        raise RepairRefused(f"recipe {name} cannot be read as YAML: {error}") from error
    except RecursionError as error:
        raise RepairRefused(f"recipe {name} nests deeper than {MAX_DEPTH} levels; a recipe needs five.") from error
    if not isinstance(content, dict):
        raise RepairRefused(f"recipe {name} holds no recipe: write name, description, where, and columns or sql.")
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        problems = [_problem(text, dict(details)) for details in error.errors()]
        count = f"{len(problems)} problem(s) in recipe {name}, no row was changed:"
        raise RepairRefused("\n".join([count, *problems])) from error


def _problem(text: str, details: Mapping[str, Any]) -> str:
    path = tuple(details["loc"])
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return f"- line {line_of(text, path)}{f', {field}' if field else ''}: {_advice(details, path)}"


def _advice(details: Mapping[str, Any], path: tuple[str | int, ...]) -> str:
    kind, value = details["type"], details["input"]
    if kind == "extra_forbidden":
        models: dict[int, type[_Part]] = {1: Recipe, 2: Where}
        model = models.get(len(path), Change)
        known = [info.alias or name for name, info in model.model_fields.items()]
        return f"is not a known key: use {', '.join(known)}"
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(details["msg"]).removeprefix("Value error, ")
    shown = repr(value)
    if kind == "string_type":
        return f"must be text, but is {shown[:60]}: put it in quotes"
    return f"{details['msg']} (it is {shown if len(shown) <= 60 else shown[:57] + '...'})"
