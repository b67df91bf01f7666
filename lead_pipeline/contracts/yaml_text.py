"""YAML that a person wrote, read with care: no alias, no tag, no key twice, bounded nesting. Knows no model."""

from collections.abc import Hashable, Sequence
from typing import Any

import yaml

MAX_DEPTH = 20


class _Loader(yaml.CSafeLoader):
    """Plain YAML whose mappings name a key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key.value, str)):
            if key.value in seen:
                raise ValueError(f"line {key.start_mark.line + 1} names the key {key.value!r} again")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> Any:
    """The one document of a YAML text. Aliases are refused, so a small file cannot unfold into a huge one.

    Raises ValueError or yaml.YAMLError that names the line, RecursionError beyond MAX_DEPTH.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise RecursionError
        tag = getattr(event, "tag", None)
        refused = f"the alias *{event.anchor}" if isinstance(event, yaml.AliasEvent) else tag and f"the tag {tag}"
        if refused:
            line = event.start_mark.line + 1 if event.start_mark else 0
            raise ValueError(f"line {line} uses {refused}: write the value out")
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, from 1, where the value of a path stands in a text that `read_yaml` took; its deepest part if not."""
    node = yaml.compose(text, Loader=yaml.CSafeLoader)
    line = 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line
