"""Texts that a workspace writes its leads: what may be sent as one, what is wrong with it, and filling it with a lead.

A text is Jinja2 of which only variables, a few filters and conditions are left: no attribute, call, loop, assignment or
arithmetic. So it ends, stays small, and reaches nothing but the lead's own fields, whoever wrote it.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import AfterValidator, Field, StringConstraints

from lead_pipeline.contracts.catalogue import Name, Sent
from lead_pipeline.domain.inert_text import lines, one_line
from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.errors import FieldsRefused

VARIABLES = (
    "first_name", "last_name", "full_name", "job_title", "email", "phone", "company_name", "industry", "city", "state",
    "country", "sender_name",
)  # fmt: skip
"""What a text may name: fields of the lead, and the workspace's own name."""
FILTERS = ("capitalize", "default", "lower", "title", "trim", "upper")
LONGEST_SUBJECT, LONGEST_BODY = 200, 10_000
_DEEPEST = 20
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.If, nodes.Test,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
)  # fmt: skip


class _Missing(StrictUndefined):
    """A field that this lead has not: it is false in a condition, and may not be written without a default."""

    def __bool__(self) -> bool:  # type: ignore[override]  # a strict one has no truth at all
        return False


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=_Missing,
        autoescape=False,  # plain text, which is escaped where it becomes HTML
        keep_trailing_newline=False,
    )
    made.filters = {name: made.filters[name] for name in FILTERS}
    made.tests = {name: made.tests[name] for name in ("defined", "undefined")}
    made.globals = {}
    return made


_ENVIRONMENT = _environment()


def _storable(text: str) -> str:
    if storable_text(text) != text:
        raise ValueError("holds a character that cannot be stored")
    return text


class EmailTemplateSent(Sent):
    """A text to leads. `subject` and `body` may name fields of the lead in double braces."""

    name: Name
    subject: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_SUBJECT),
        AfterValidator(_storable),
    ] = Field(examples=["A question about {{ company_name | default('your firm') }}"])
    body: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_BODY), AfterValidator(_storable)] = Field(
        description=f"Plain text with paragraphs. Variables: {', '.join(VARIABLES)}. Filters: {', '.join(FILTERS)}.",
        examples=["Hi {{ first_name | default('there') }},\n\nmay I call you?\n\n{{ sender_name }}"],
    )


class PreviewSent(Sent):
    """The lead that a text is filled with."""

    lead_id: Annotated[str, StringConstraints(min_length=1, max_length=100)]


def template_faults(field: str, source: str) -> list[dict[str, str]]:
    """Everything that is wrong with a text: `field` and `message` each. Nothing of it is run."""
    try:
        tree = _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        return [_fault(field, f"line {error.lineno}: {one_line(error.message or 'is no template', 120)}")]
    except (RecursionError, ValueError):  # the latter of a number with thousands of digits
        return [_fault(field, "is no text that can be read; write it plainly")]
    found: dict[str, None] = {}
    for node, depth in _walk(tree):
        if depth > _DEEPEST:
            return [_fault(field, "is nested too deeply; write it plainly")]
        message = _wrong_with(node)
        if message is not None:
            found[f"line {node.lineno}: {message}"] = None
    return [_fault(field, message) for message in found]


def refuse_faults(columns: Mapping[str, Any]) -> None:
    """Raises FieldsRefused with every fault of the subject and body that are given."""
    faults = [
        fault for name in ("subject", "body") if name in columns for fault in template_faults(name, columns[name])
    ]
    if faults:
        raise FieldsRefused(faults)
    fill(columns.get("subject", ""), columns.get("body", ""), dict.fromkeys(VARIABLES, "x"))


def fill(subject: str, body: str, fields: Mapping[str, Any]) -> tuple[str, str]:
    """Subject and body with a lead's fields in them, each made inert: the subject on one line.

    `fields` are VARIABLES, None where the lead has none. Raises FieldsRefused that names a field which is missing and
    has no default, or whatever else is wrong with a text that was saved by other rules.
    """
    given = {name: one_line(str(fields[name])) for name in VARIABLES if fields.get(name) not in (None, "")}
    filled = []
    for field, source in (("subject", subject), ("body", body)):
        try:
            filled.append(_compiled(field, source).render(given))
        except UndefinedError as error:
            raise FieldsRefused(
                [_fault(field, f"{one_line(error.message or '', 120)}: this lead has none. Give it a default")]
            ) from None
        except (TemplateError, TypeError, ValueError) as error:  # a filter that is handed what it does not take
            raise FieldsRefused(
                [_fault(field, f"cannot be filled ({type(error).__name__}): look at its filters and conditions")]
            ) from None
    return one_line(filled[0]), lines(filled[1], LONGEST_BODY)


@lru_cache(maxsize=256)
def _compiled(field: str, source: str) -> Template:
    faults = template_faults(field, source)
    if faults:
        raise FieldsRefused(faults)
    try:
        return _ENVIRONMENT.from_string(source)
    except (SyntaxError, RecursionError):
        raise FieldsRefused([_fault(field, "is nested too deeply; write it plainly")]) from None


def _wrong_with(node: nodes.Node) -> str | None:
    if not isinstance(node, _ALLOWED):
        return f"{type(node).__name__} is not taken: only variables, filters, if and else are"
    if isinstance(node, nodes.Name) and (node.ctx != "load" or node.name not in VARIABLES):
        return f"there is no variable {one_line(node.name, 60)}. There are: {', '.join(VARIABLES)}"
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return f"there is no filter {one_line(node.name, 60)}. There are: {', '.join(FILTERS)}"
    if isinstance(node, nodes.Test) and node.name not in ("defined", "undefined"):
        return f"there is no test {one_line(node.name, 60)}. There are: defined, undefined"
    return None


def _walk(node: nodes.Node, depth: int = 0) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with how deep it is; no deeper than is taken, however deep it goes."""
    yield node, depth
    if depth <= _DEEPEST:
        for child in node.iter_child_nodes():
            yield from _walk(child, depth + 1)


def _fault(field: str, message: str) -> dict[str, str]:
    return {"field": field, "message": message}
