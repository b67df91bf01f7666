"""Diretrix: the CPF behind a phone number or an e-mail address.

Holds the wire of both questions and the pure reading of their answer, for answers that are kept as well. Holds no
judgement whether two answers are one person. What is asked and answered is in no message and no repr.
"""

import base64
from dataclasses import dataclass, field

from lead_pipeline.vendors.agreed import agreed_cpf, agreed_object, not_agreed
from lead_pipeline.vendors.transport import Transport

NOBODY = b'{"cpf": null}'
"""What is kept where the answer was a 404, whose JSON is anything."""
_WHERE = "Diretrix /cpf"
_SANDBOX_USER = "sandbox"


@dataclass(frozen=True)
class CpfAnswer:
    """`body` is the answer's exact bytes. `cpf` has eleven digits, rightly checked; None where none is known."""

    body: bytes = field(repr=False)
    cpf: str | None = field(repr=False)


class Diretrix:
    """The account of one user. `key` is `user:password`; a password alone belongs to the user `sandbox`."""

    def __init__(self, transport: Transport, base_url: str, key: str) -> None:
        pair = key if ":" in key else f"{_SANDBOX_USER}:{key}"
        self._transport = transport
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def cpf_by_phone(self, phone_e164: str) -> CpfAnswer:
        """Whose phone it is. A 404 with JSON is nobody's; another page's 404 is an error.

        Raises VendorUnavailable, also for an answer that is not what was agreed, and VendorRefused.
        """
        return self._ask("by-phone", {"phone": phone_e164})

    def cpf_by_email(self, address: str) -> CpfAnswer:
        """Whose address it is. Raises as `cpf_by_phone` does."""
        return self._ask("by-email", {"email": address})

    def _ask(self, by: str, question: dict[str, str]) -> CpfAnswer:
        answer = self._transport.request(
            "POST", f"{self._base_url}/cpf/{by}", json=question, headers=self._headers, accepted=(404,)
        )
        return read_cpf(NOBODY if answer.status_code == 404 else answer.content)


def read_cpf(body: bytes) -> CpfAnswer:
    """What an answer of either question says. Raises VendorUnavailable where it is not what was agreed."""
    answer = agreed_object(body, _WHERE)
    if "cpf" not in answer:
        raise not_agreed(_WHERE, "cpf is missing")
    found = answer["cpf"]
    if found is None:
        return CpfAnswer(body, None)
    digits = agreed_cpf(found)
    if digits is None:
        raise not_agreed(_WHERE, "cpf is neither null nor text with right check digits")
    return CpfAnswer(body, digits)
