"""What the CRM is told of a lead: who its contacts belong to, and whether phone and e-mail are the same person's.

The text is Portuguese, for the people who work with the CRM. It names no contact and no CPF in full.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

SAME_PERSON = "Mesma pessoa"
_KINDS: Mapping[str, str] = MappingProxyType({"email": "e-mail", "phone": "telefone"})
_NEW, _CHANGED = "Enriquecimento de contato", "Enriquecimento de contato atualizado"
_OTHERS = "Atenção: o telefone e o e-mail pertencem a pessoas diferentes."


@dataclass(frozen=True)
class Answered:
    """A contact that was looked up: its kind, how it is shown, and the CPF that it gave, None where it gave none."""

    kind: str
    masked: str
    cpf: str | None = field(repr=False)


@dataclass(frozen=True)
class Found:
    """A person behind some of the contacts. `cpf_masked` and the contacts are as they are shown."""

    cpf: str = field(repr=False)
    cpf_masked: str
    name: str = field(repr=False)
    city: str | None = field(repr=False)


def same_cpfs(answers: Iterable[Answered]) -> set[str]:
    """The CPFs that a phone and the e-mail both gave."""
    by_kind: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    for answer in answers:
        if answer.cpf is not None:
            by_kind[answer.kind].add(answer.cpf)
    return by_kind["email"] & by_kind["phone"]


def same_person(answers: Sequence[Answered]) -> bool | None:
    """Whether a phone and the e-mail gave the same CPF. None where only one of the two gave any, or neither."""
    kinds = {answer.kind for answer in answers if answer.cpf is not None}
    return bool(same_cpfs(answers)) if kinds == set(_KINDS) else None


def message_text(people: Sequence[Found], answers: Sequence[Answered], *, is_change: bool) -> str:
    """The message about a lead; `is_change`: it has had one about other contacts before."""
    same, is_same = same_cpfs(answers), same_person(answers)
    blocks = [_CHANGED if is_change else _NEW]
    blocks += [] if is_same is not False else [_OTHERS]
    return "\n\n".join([*blocks, *(_about(person, answers, is_both=person.cpf in same) for person in people)])


def _about(person: Found, answers: Sequence[Answered], *, is_both: bool) -> str:
    place = "" if person.city is None else f"\nCidade: {person.city}"
    theirs = "; ".join(f"{_KINDS[answer.kind]} {answer.masked}" for answer in answers if answer.cpf == person.cpf)
    both = f"\n{SAME_PERSON}: o telefone e o e-mail pertencem a este CPF." if is_both else ""
    return f"{person.name}\nCPF: {person.cpf_masked}{place}\nContatos desta pessoa: {theirs}{both}"
