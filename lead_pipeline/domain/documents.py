"""Brazilian tax numbers, CPF of people and CNPJ of companies: normal form, check digits, masked form.

The authority is python-stdnum, asked once for each distinct value. It knows no register: a number whose check
digits are right need not be given to anybody.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
from stdnum.br import cnpj, cpf
from stdnum.exceptions import ValidationError

from lead_pipeline.domain.arrow import ask_each, present, to_arrow, to_series
from lead_pipeline.domain.masking import mask_cpf

# Far above any punctuation. stdnum raises where a text has thousands of digits.
_LONGEST = 100


def normalise_cpfs(raw: pd.Series) -> pd.DataFrame:
    """The CPF in each text, with or without its punctuation.

    Columns, on the input's index: `cpf` (11 digits, NaN when missing or invalid), `cpf_valid` (bool, False when
    missing), `cpf_masked` (as `mask_cpf`, NaN when missing or invalid).
    """
    number, masked = ask_each(to_arrow(raw), _with_mask, 2)
    return pd.DataFrame(
        {
            "cpf": to_series(number, raw.index),
            "cpf_valid": present(number),
            "cpf_masked": to_series(masked, raw.index),
        },
        index=raw.index,
    )


def normalise_cnpjs(raw: pd.Series) -> pd.DataFrame:
    """The CNPJ in each text, with or without its punctuation; letters, as of July 2026, in upper case.

    Columns, on the input's index: `cnpj` (14 characters: 12 digits or letters, 2 check digits; NaN when missing or
    invalid), `cnpj_valid` (bool, False when missing).
    """
    (number,) = ask_each(to_arrow(raw), lambda text: (read_cnpj(text),))
    return pd.DataFrame(
        {"cnpj": to_series(number, raw.index), "cnpj_valid": present(number)},
        index=raw.index,
    )


def read_cpf(text: str) -> str | None:
    """The 11 digits of a CPF that stdnum calls valid, else None."""
    return _read(text, cpf.validate)


def read_cnpj(text: str) -> str | None:
    """The 14 characters of a CNPJ that stdnum calls valid, else None."""
    return _read(text, cnpj.validate)


def _with_mask(text: str) -> tuple[str | None, str | None]:
    number = read_cpf(text)
    return number, None if number is None else mask_cpf(number)


def _read(text: str, validate: Callable[[str], Any]) -> str | None:
    """stdnum takes digits of every script for digits; the normal form is ASCII."""
    if len(text) > _LONGEST:
        return None
    try:
        number = str(validate(text))
    except ValidationError:
        return None
    return number if number.isascii() else None
