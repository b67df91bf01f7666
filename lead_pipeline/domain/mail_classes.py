"""What kind of mailbox an accepted address names: a role's, a free provider's, a throw-away one, or maybe a slip.

Each distinct domain is looked at once. Whether an address is a good one is decided in `email.py`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import ARROW_TEXT, is_one_of, join, mask, present, put
from lead_pipeline.domain.mail_domains import DISPOSABLE_DOMAINS, FREE_MAIL_DOMAINS
from lead_pipeline.domain.mail_suggestions import suggest_domains

# RFC 2142's that businesses print, and what English, Portuguese, Spanish, French and German ones print beside them.
_ROLES = """
    abuse accounting accounts admin administracao administrador administrator adm atendimento billing booking
    bookings careers comercial compras contact contacto contador contato contratos customerservice diretoria
    enquiries faturamento feedback finance financeiro hello help helpdesk hola hostmaster hr info informacoes
    inquiries jobs kontakt legal mail marketing no-reply noc noreply office orders postmaster press privacy
    purchasing recepcao recruiting reception reservas reservations returns rh root sac sales secretaria security
    service servicos shop staff suporte support team vendas ventas vertrieb webmaster
"""
ROLE_MAILBOXES = frozenset(_ROLES.split())

Mask = Any


@dataclass(frozen=True)
class MailClasses:
    """Columns as long as the addresses, False or null where there is none.

    `is_role`: the part before the @, without its `+tag`, is one of ROLE_MAILBOXES. `is_disposable`: the domain is a
    throw-away one or lies under one. `is_free_mail`: it is a free provider's. `suggestion`: the address at the
    domain that may have been meant.
    """

    is_role: Mask
    is_disposable: Mask
    is_free_mail: Mask
    suggestion: Any


def classify_mail(email: Any) -> MailClasses:
    """The classes of accepted addresses in normal form, an Arrow text array."""
    parts = pc.split_pattern(email, "@", max_splits=1, reverse=True)
    mailboxes = pc.replace_substring_regex(pc.utf8_lower(pc.list_element(parts, 0)), r"\+.*", "")
    encoded = pc.list_element(parts, 1).dictionary_encode()
    domains, which = encoded.dictionary, encoded.indices
    return MailClasses(
        is_role=is_one_of(mailboxes, ROLE_MAILBOXES),
        is_disposable=mask(pa.array(_at_or_under(domains, DISPOSABLE_DOMAINS)).take(which)),
        is_free_mail=mask(pa.array(is_one_of(domains, FREE_MAIL_DOMAINS)).take(which)),
        suggestion=_at_domains(parts, suggest_domains(domains).take(which)),
    )


def _at_or_under(domains: Any, known: frozenset[str]) -> Mask:
    """Where the domain, or one that it lies under, is known."""
    found = np.zeros(len(domains), dtype=bool)
    for dots in {domain.count(".") for domain in known}:
        ends = pc.replace_substring_regex(domains, rf"^.*\.((?:[^.]*\.){{{dots}}}[^.]*)$", r"\1")
        found |= is_one_of(ends, known)
    return found


def _at_domains(parts: Any, domains: Any) -> Any:
    """The addresses, in parts, at these domains; null where there is no domain."""
    slips = present(domains)
    none = pa.nulls(len(domains), ARROW_TEXT)
    if not slips.any():
        return none
    where = pa.array(slips)
    return put(none, slips, join(pc.list_element(parts.filter(where), 0), domains.filter(where), between="@"))
