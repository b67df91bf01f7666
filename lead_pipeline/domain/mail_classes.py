"""What kind of mailbox an accepted address names: a role's, a free provider's, a throw-away one, or maybe a slip.

Each distinct domain is looked at once. Whether an address is a good one is decided in `email.py`.
"""

import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lead_pipeline.domain.arrow import ARROW_TEXT, join, mask, matches, present, put
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

_ROLE = rf"(?i)^(?:{'|'.join(map(re.escape, sorted(ROLE_MAILBOXES)))})(?:\+[^@]*)?@"
_DISPOSABLE = rf"(?:^|\.)(?:{'|'.join(map(re.escape, sorted(DISPOSABLE_DOMAINS)))})$"
_FREE_MAIL = pa.array(sorted(FREE_MAIL_DOMAINS), ARROW_TEXT)


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
    encoded = pc.list_element(parts, 1).dictionary_encode()
    domains, which = encoded.dictionary, encoded.indices
    return MailClasses(
        is_role=matches(email, _ROLE),
        is_disposable=mask(pa.array(matches(domains, _DISPOSABLE)).take(which)),
        is_free_mail=mask(pc.is_in(domains, value_set=_FREE_MAIL).take(which)),
        suggestion=_at_domains(parts, suggest_domains(domains).take(which)),
    )


def _at_domains(parts: Any, domains: Any) -> Any:
    """The addresses, in parts, at these domains; null where there is no domain."""
    slips = present(domains)
    none = pa.nulls(len(domains), ARROW_TEXT)
    if not slips.any():
        return none
    where = pa.array(slips)
    return put(none, slips, join(pc.list_element(parts.filter(where), 0), domains.filter(where), between="@"))
