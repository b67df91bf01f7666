"""What DataShopper knows of each company, ready to be searched: sizes, phones and the words to match.

Holds no query and no day; those are `search.py`.
"""

from dataclasses import dataclass

import pandas as pd
import pycountry

from lead_pipeline.sandbox.seeded import Draw, Keys, keys

# Heads from and to, by the market_cap word; the last entry is for companies without one.
HEADS = {
    "Nano Cap": (5, 60),
    "Micro Cap": (20, 300),
    "Small Cap": (150, 2_500),
    "Mid Cap": (1_000, 12_000),
    "Large Cap": (6_000, 80_000),
    "Mega Cap": (50_000, 400_000),
    "": (10, 500),
}
REVENUE_PER_HEAD = (80_000, 600_000)
PHONE_SHARE = 0.6
AREA_CODES = {
    "United States": ("205", "212", "303", "312", "404", "415", "512", "602", "617", "702", "813", "907"),
    "Canada": ("403", "416", "514", "604"),
}
# Names of the data that ISO 3166 lists under another spelling.
OTHER_NAMES = {"Russia": "RU", "Turkey": "TR"}


@dataclass(frozen=True)
class Catalogue:
    """`frame`: one row per company with what is answered and the `*_word` columns that filters compare
    (case-folded, "" = unknown). `keys`: one 64-bit key a row, from seed and id."""

    frame: pd.DataFrame
    keys: Keys
    seed: int


def build_catalogue(companies: pd.DataFrame, seed: int) -> Catalogue:
    """A catalogue of the companies in `companies.COLUMNS`. Revenue is in whole US dollars a year."""
    known = companies.fillna("")
    ids = "ds-" + known["symbol"]
    sizes = [_size(seed, *row) for row in zip(ids, known["market_cap"], strict=True)]
    codes = {country: _iso_codes(country) for country in known["country"].unique()}
    frame = pd.DataFrame(
        {
            "id": ids,
            **{column: known[column] for column in ("name", "website", "industry", "sector")},
            "phone": [_phone(seed, *row) for row in zip(ids, known["country"], strict=True)],
            "employee_count": [heads for heads, _ in sizes],
            "revenue": [revenue for _, revenue in sizes],
            **{column: known[column] for column in ("city", "state", "country")},
            **{f"{column}_word": known[column].map(str.casefold) for column in ("industry", "sector", "state")},
            "country_word": known["country"].map(str.casefold),
            "country_2": known["country"].map({country: two for country, (two, _) in codes.items()}),
            "country_3": known["country"].map({country: three for country, (_, three) in codes.items()}),
        }
    )
    return Catalogue(frame=frame, keys=keys(frame["id"], seed), seed=seed)


def _size(seed: int, company: str, cap: str) -> tuple[int, int]:
    """Heads and revenue: evenly spread over the orders of magnitude that the size word allows."""
    draw = Draw(seed, "size", company)
    low, high = HEADS.get(cap, HEADS[""])
    heads = round(low * (high / low) ** draw.chance())
    low, high = REVENUE_PER_HEAD
    return heads, heads * round(low * (high / low) ** draw.chance())


def _phone(seed: int, company: str, country: str) -> str:
    """A number from the block 555-0100 to 555-0199, which is kept free for fiction; "" for the rest."""
    draw = Draw(seed, "phone", company)
    if country not in AREA_CODES or draw.chance() >= PHONE_SHARE:
        return ""
    return f"+1 {draw.pick(AREA_CODES[country])}-555-{100 + draw.below(100):04d}"


def _iso_codes(country: str) -> tuple[str, str]:
    try:
        found = pycountry.countries.lookup(OTHER_NAMES.get(country, country))
    except LookupError:
        return "", ""
    return found.alpha_2.casefold(), found.alpha_3.casefold()
