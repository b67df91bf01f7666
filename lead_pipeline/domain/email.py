"""E-mail addresses: normal form, why one is refused, fake patterns, and the classes of `mail_classes.py`.

The authority is email-validator, without deliverability checks (no network). Plain ASCII addresses take a
vectorised pass whose answer is the library's; every other distinct address is asked of the library.
"""

import re
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES, EMAIL_MAX_LENGTH

from lead_pipeline.domain.arrow import (
    ARROW_TEXT,
    ask_each,
    join,
    mask,
    matches,
    only_where,
    present,
    put,
    to_arrow,
    to_series,
)
from lead_pipeline.domain.mail_classes import classify_mail

FAKE_PATTERNS = ("999999", "111111", "000000", "123456789")

_ATOM = r"[a-zA-Z0-9_!#$%&'*+\-/=?^`{|}~]+"
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])?"
_LAST_LABEL = r"(?:[a-zA-Z0-9][a-zA-Z0-9\-]{0,61})?[a-zA-Z]"
_PLAIN = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LAST_LABEL}$"
# Two hyphens may be Punycode or a reserved label, special-use names are refused, and mailbox names such as
# Info@ are lower-cased: the library decides about all of these.
_NOT_PLAIN = (
    rf"(?i)@.*--|@(?:.*\.)?(?:{'|'.join(map(re.escape, SPECIAL_USE_DOMAIN_NAMES))})$"
    rf"|^(?:{'|'.join(CASE_INSENSITIVE_MAILBOX_NAMES)})@"
)


def normalise_emails(raw: pd.Series) -> pd.DataFrame:
    """The normal form of each address and what is wrong or odd about it.

    Columns, on the input's index: `email` (NaN when missing or refused), `email_error` (the library's
    reason, NaN when fine or missing), `fake_pattern` (the first of `FAKE_PATTERNS` in the local part of an
    accepted address, else NaN), `is_disposable`, `is_role` and `is_free_mail` (bool), and `suggestion` (the address
    as it may have been meant where its domain is a slip of a well-known one, else NaN).
    """
    given = to_arrow(raw)
    plain = _is_plain(given)
    email = only_where(plain, _with_lower_case_domain(given, plain))
    error = pa.nulls(len(given), ARROW_TEXT)
    rest = present(given) & ~plain
    if rest.any():
        answers, reasons = ask_each(given.filter(rest), ask_library, 2)
        email, error = put(email, rest, answers), put(error, rest, reasons)
    classes = classify_mail(email)
    return pd.DataFrame(
        {
            "email": to_series(email, raw.index),
            "email_error": to_series(error, raw.index),
            "fake_pattern": to_series(_fake_patterns(email), raw.index),
            "is_disposable": classes.is_disposable,
            "is_role": classes.is_role,
            "is_free_mail": classes.is_free_mail,
            "suggestion": to_series(classes.suggestion, raw.index),
        },
        index=raw.index,
        copy=False,
    )


def ask_library(address: str) -> tuple[str | None, str | None]:
    """What email-validator says about one address: its normal form or the reason for refusing it."""
    try:
        return validate_email(address, check_deliverability=False).normalized, None
    except EmailNotValidError as refusal:
        return None, str(refusal)


def _is_plain(given: Any) -> Any:
    short = mask(pc.less_equal(pc.binary_length(given), EMAIL_MAX_LENGTH))
    return short & matches(given, _PLAIN) & ~matches(given, _NOT_PLAIN)


def _with_lower_case_domain(given: Any, plain: Any) -> Any:
    mixed = plain & matches(given, "@.*[A-Z]")
    if not mixed.any():
        return given
    parts = pc.extract_regex(given.filter(mixed), r"^(?P<local>[^@]*)(?P<domain>@.*)$")
    return put(given, mixed, join(parts.field("local"), pc.ascii_lower(parts.field("domain"))))


def _fake_patterns(email: Any) -> Any:
    hits = matches(email, rf"(?:{'|'.join(FAKE_PATTERNS)}).*@")
    found = pa.nulls(len(email), ARROW_TEXT)
    if not hits.any():
        return found
    return put(found, hits, ask_each(email.filter(hits), lambda value: (_first_pattern(value),))[0])


def _first_pattern(email: str) -> str | None:
    local = email.rpartition("@")[0]
    return next((pattern for pattern in FAKE_PATTERNS if pattern in local), None)
