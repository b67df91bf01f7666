"""Personal data so that a reader who knows it recognises it, and nobody else learns it: masks for people to see.

A mask is for the eye. What has to be compared is compared by a keyed digest (`store/sealed.py`).
"""

_HIDDEN = "***"


def mask_cpf(cpf: str) -> str:
    """`***.***.247-**`: three of eleven digits, so that a million CPFs look alike."""
    return f"{_HIDDEN}.{_HIDDEN}.{cpf[6:9]}-**"


def mask_email(address: str) -> str:
    """`j***@example.com`: the first letter and the domain; of what has no `@` the first letter."""
    local, at, domain = address.rpartition("@")
    if not at:
        return f"{address[:1]}{_HIDDEN}"
    return f"{local[:1] if len(local) > 1 else ''}{_HIDDEN}@{domain}"


def mask_phone(number: str) -> str:
    """`+5511*******21`: country, area and the last two digits; of what is no E.164 number the last two."""
    head = number[:5] if number.startswith("+") and len(number) > 9 else ""
    hidden = "*" * (len(number) - len(head) - 2) if head else _HIDDEN
    return f"{head}{hidden}{number[-2:] if len(number) > 4 else ''}"


def mask_contact(kind: str, text: str) -> str:
    """An `email` or a `phone`."""
    return mask_email(text) if kind == "email" else mask_phone(text)
