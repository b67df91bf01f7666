"""Which values of a vendor's field may be written out in its profile. No one's name, address or number ever may.

A value is written out where all of this holds; everything else is only counted, by a bucket of 8 bits:
- the field's own name says that it is a category (status, country, strength, ...), and not a person's detail
- the field is like an enum: at least 20 texts, at most 32 different ones, at most a fifth as many as texts
- the text is one short word of few digits, so neither an address nor a full name
- it came in at least FEWEST_PAYLOADS payloads, or is written out already
"""

import re
from functools import cache

FEWEST_PAYLOADS = 5
MOST_VALUES = 32
_FEWEST_TEXTS = 20
_LARGEST_SHARE = 0.2
_MOST_LETTERS = 40
_MOST_DIGITS = 4

_CATEGORIES = frozenset(
    {
        "action", "alias", "band", "category", "channel", "country", "currency", "department", "event",
        "frequency", "gender", "grade", "industry", "intent", "kind", "language", "level", "locale", "medium",
        "outcome", "plan", "priority", "provider", "quality", "region", "result", "role", "sector", "segment",
        "seniority", "severity", "size", "source", "stage", "state", "status", "strength", "temperature",
        "tier", "type", "unit", "verdict",
    }
)  # fmt: skip
_PERSONAL = frozenset(
    {
        "address", "birth", "birthday", "body", "celular", "cep", "cnpj", "comment", "contact", "cpf",
        "description", "document", "documento", "email", "endereco", "first", "fone", "full", "id", "ip", "key",
        "last", "linkedin", "login", "mail", "mensagem", "message", "mobile", "name", "nascimento", "nome",
        "note", "number", "passport", "password", "person", "phone", "postal", "rg", "rua", "secret",
        "sobrenome", "ssn", "street", "surname", "tax", "telefone", "text", "token", "url", "user", "username",
        "website", "whatsapp", "zip",
    }
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@cache
def is_category(path: str) -> bool:
    """Whether a field's own name, the last one of its path, is that of a category and of nothing personal."""
    words = {word.lower() for word in _WORD.findall(path.rpartition(".")[2])}
    return bool(words & _CATEGORIES) and not words & _PERSONAL


def is_enum_like(texts: int, different: int | None) -> bool:
    """`different` is about how many different texts there were, None where they were too many to tell."""
    return different is not None and texts >= _FEWEST_TEXTS and different <= min(MOST_VALUES, texts * _LARGEST_SHARE)


def is_plain(text: str) -> bool:
    """Whether a text can be a category's word: one word, which a full name is not, no address and nobody's number."""
    return (
        0 < len(text) <= _MOST_LETTERS
        and text.isprintable()
        and not any(map(str.isspace, text))
        and "@" not in text
        and "://" not in text
        and sum(map(str.isdigit, text)) <= _MOST_DIGITS
    )
