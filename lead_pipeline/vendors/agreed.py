"""Whether an answer is what was agreed with a vendor: the readings of JSON that several clients share.

Holds no vendor's fields. No message quotes an answer or a question: they hold personal data.
"""

from typing import Any

from lead_pipeline.domain.documents import read_cpf
from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.domain.webhooks import parse_body
from lead_pipeline.errors import VendorUnavailable

# A client of URLs takes these for folders, so they would lead elsewhere.
_FOLDERS = {".", ".."}


def not_agreed(where: str, what: str) -> VendorUnavailable:
    """The error of an answer of the wrong shape. `where` names vendor and path, `what` the shape."""
    return VendorUnavailable(
        f"{where}: answer is not what was agreed: {what}. Try again later; if it lasts, ask the vendor."
    )


def agreed_object(body: bytes, where: str) -> dict[str, Any]:
    """The JSON object of a body. Raises VendorUnavailable where it is none."""
    try:
        document = parse_body(body)
    except ValueError:
        raise not_agreed(where, "it is not JSON, or nested too deep") from None
    if not isinstance(document, dict):
        raise not_agreed(where, "it is not an object")
    return document


def agreed_text(fields: dict[str, Any], name: str, where: str) -> str | None:
    """The trimmed text of a field, None where it is blank, null or missing. Raises VendorUnavailable for the rest."""
    value = fields.get(name)
    if not (value is None or isinstance(value, str)):
        raise not_agreed(where, f"{name} is neither text nor null")
    return storable_text(value).strip() or None if value else None


def agreed_objects(fields: dict[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    """The objects in a list that must be there. Raises VendorUnavailable where it is anything else."""
    entries = fields.get(name)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise not_agreed(where, f"{name} is not a list of objects")
    return entries


def agreed_id(fields: dict[str, Any], name: str, where: str) -> str:
    """An id that must be there, a whole number as text. Raises VendorUnavailable where a URL could not hold it."""
    value = fields.get(name)
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not is_path_part(text):
        raise not_agreed(where, f"{name} is no usable id")
    return text


def agreed_cpf(value: object) -> str | None:
    """The eleven digits of a CPF whose check digits are right, None for anything else.

    Eleven equal digits pass the arithmetic and are nobody's: whoever sends them means a blank.
    """
    digits = read_cpf(value) if isinstance(value, str) else None
    return None if digits is None or len(set(digits)) == 1 else digits


def is_path_part(text: str) -> bool:
    """Whether `text`, once quoted, is one part of a URL's path."""
    return bool(text.strip()) and text not in _FOLDERS and storable_text(text) == text
