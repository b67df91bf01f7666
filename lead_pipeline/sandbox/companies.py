"""Where the sandbox's companies come from: a CSV file, or made up from a seed. Not what is asked of them."""

import re
from pathlib import Path

import pandas as pd

from lead_pipeline.errors import FileRefused
from lead_pipeline.sandbox import company_words as words
from lead_pipeline.sandbox.seeded import Draw

COLUMNS = (
    "symbol", "name", "website", "sector", "industry", "country", "state", "city", "zipcode", "market_cap",
    "isin",
)  # fmt: skip


def load_companies(path: Path) -> pd.DataFrame:
    """The companies of a CSV file: one row per symbol, the columns of COLUMNS as `str`, NaN where empty.

    Raises FileRefused where the file is absent, is no UTF-8 CSV, lacks a column or repeats a symbol.
    """
    try:
        frame = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise FileRefused(f"{path}: cannot be read as a UTF-8 CSV file ({error}); name another file") from error
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise FileRefused(f"{path}: add the columns {', '.join(missing)}; the sandbox needs {', '.join(COLUMNS)}")
    frame = frame.loc[:, list(COLUMNS)]
    for column in ("symbol", "name", "website"):
        if frame[column].isna().any():
            raise FileRefused(f"{path}: {int(frame[column].isna().sum())} rows have no {column}; fill them in")
    if frame["symbol"].duplicated().any():
        first = frame.loc[frame["symbol"].duplicated(), "symbol"].iloc[0]
        raise FileRefused(f"{path}: the symbol {first} is there twice; keep one row a symbol")
    return frame


def generate_companies(count: int = 1200, seed: int = 7) -> pd.DataFrame:
    """`count` plausible companies in the columns of COLUMNS, the same ones for the same seed.

    Websites end in the reserved `.example`; `isin` is always missing, because no number is reserved.
    """
    labels: set[str] = set()
    frame = pd.DataFrame([_company(row, seed, labels) for row in range(count)], columns=list(COLUMNS), dtype="str")
    return frame.mask(frame == "").astype("str")


def _company(row: int, seed: int, labels: set[str]) -> tuple[str, ...]:
    draw = Draw(seed, "company", row)
    country, state, city, zipcode = draw.pick(words.PLACES)
    sector = draw.pick(tuple(words.INDUSTRIES))
    industry = draw.pick(words.INDUSTRIES[sector])
    stem = f"{draw.pick(words.FIRST_WORDS)} {draw.pick(words.SECOND_WORDS)}"
    name = stem + draw.pick(words.LEGAL_FORMS[country])
    label = re.sub(r"[^a-z0-9]", "", stem.lower())
    if label in labels:
        label = f"{label}{row}"
    labels.add(label)
    website = draw.pick(words.WEBSITE_FORMS).format(label)
    # A few industries and sizes are missing, as they are in every real list.
    industry = "" if draw.chance() < 0.05 else industry
    return (
        f"X{row:05d}",
        name,
        website,
        sector,
        industry,
        country,
        state,
        city,
        zipcode,
        draw.pick(words.SIZES),
        "",
    )
