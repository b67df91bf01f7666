"""A seeded CSV file of made-up leads: the same size and seed give the same bytes.

Nobody real is in it: domains end in `.example` (RFC 2606), phones come from the ranges that NANPA, Ofcom, Arcep
and ACMA set aside for fiction. 5 % of the rows repeat an earlier one (half of those spelt differently), 2 % have a
fake e-mail, 1 % a malformed one, and some of every optional column is missing.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv

COLUMNS = (
    "full_name", "email", "phone", "company_name", "company_industry", "website", "company_location_state",
    "company_location_country", "job_title",
)  # fmt: skip
DUPLICATES, FAKE_EMAILS, BAD_EMAILS = 0.05, 0.02, 0.01

_FIRST = (
    "James|Mary|Robert|Patricia|John|Jennifer|Michael|Linda|David|Elizabeth|William|Barbara|Richard|Susan|Joseph|"
    "Jessica|Thomas|Sarah|Chloé|Karen|Zoë|Nancy|José|Lisa|Anaïs|Betty|Liam|Sandra|Noah|Ashley"
)
_LAST = (
    "Smith|Johnson|Williams|Brown|Jones|Garcia|Miller|Davis|Rodriguez|Martinez|Hernandez|Lopez|Gonzalez|Wilson|"
    "Anderson|Thomas|Taylor|Moore|Jackson|Martin|Lee|Perez|Thompson|White|Harris|Müller|Dubois|Núñez|O'Brien|Côté"
)
_START = "North|South|East|West|Blue|Red|Green|Silver|Bright|Clear|Deep|High|Iron|Stone|River|Lake|Hill|Oak"
_MIDDLE = "wind|field|bridge|gate|point|light|water|forge|works|star|path|crest|ford|port|dale|wood|mark|line"
_FORM = "Inc.|LLC|Ltd|Corp.|Group|GmbH|, Inc.|Partners|Holdings|SA"
_INDUSTRY = (
    "Information Technology|Software|Financials|Banks|Health Care|Biotechnology|Specialty Retail|Media|Industrials|"
    "Energy|Utilities|Real Estate|Insurance|Materials"
)
_TITLE = "CEO|CTO|Chief Financial Officer|VP Sales|Head of Marketing|Sales Manager|Software Engineer|Buyer|Data Analyst"
_FAKE = "999999|111111|000000|123456789"
_COUNTRIES: tuple[tuple[float, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        0.62,
        ("US", "United States", "USA", "United States of America"),
        ("CA", "NY", "TX", "California", "Illinois", "WA", "Massachusetts", "FL", "GA", "OH"),
        ("(212) 555-01{n}", "415-555-01{n}", "+1 617 555 01{n}", "312.555.01{n}", "+1 (206) 555-01{n}"),
    ),
    (0.10, ("CA", "Canada"), ("ON", "Quebec", "BC", "Alberta"), ("(416) 555-01{n}", "+1 604 555 01{n}")),
    (0.12, ("GB", "United Kingdom"), ("",), ("020 7946 0{m}", "+44 113 496 0{m}", "+44 (0)161 496 0{m}")),
    (0.08, ("FR", "France"), ("",), ("01 99 00 {n} {k}", "+33 6 39 98 {n} {k}")),
    (0.08, ("AU", "Australia"), ("NSW", "VIC", "Queensland", "WA"), ("(02) 5550 {n}{k}", "+61 3 7010 {n}{k}")),
)


def generate(path: Path, rows: int, seed: int = 20260101) -> Path:
    """Write `rows` data rows and a header. Returns the path."""
    random = np.random.default_rng(seed)
    leads = _people(random, rows)
    _repeat(leads, random)
    csv.write_csv(pa.table({name: leads[name] for name in COLUMNS}), path, csv.WriteOptions(quoting_style="needed"))
    return path


def _people(random: np.random.Generator, rows: int) -> pd.DataFrame:
    first, last = _pick(random, _FIRST, rows), _pick(random, _LAST, rows)
    company = random.integers(0, max(2, rows // 5), rows)
    stem = _entry(_START, company) + _entry(_MIDDLE, company // 18)
    number = pd.Series(company // (18 * 18)).astype("str")
    domain = stem.str.lower() + number + ".example"
    mailbox = first.str.lower() + "." + last.str.lower().str.replace("'", "") + pd.Series(np.arange(rows)).astype("str")
    ascii_mailbox = mailbox.str.normalize("NFKD").str.replace(r"[^\x00-\x7f]", "", regex=True)
    email = ascii_mailbox + "@" + domain
    fake = _pick(random, _FAKE, rows) + ascii_mailbox.str[-7:] + "@" + domain
    chance = random.random(rows)
    email = email.where(chance >= FAKE_EMAILS, fake)
    email = email.where(chance < 1 - BAD_EMAILS, email.str.replace("@", " at "))
    website = pd.Series(np.where(random.random(rows) < 0.5, "https://www.", ""), dtype="str") + domain
    country, state, phone = _places(random, rows)
    return pd.DataFrame(
        {
            "full_name": first + " " + last,
            "email": email,
            "phone": phone.where(random.random(rows) < 0.85, ""),
            "company_name": stem + " " + number + " " + _entry(_FORM, company),
            "company_industry": _entry(_INDUSTRY, company),
            "website": website.where(random.random(rows) < 0.8, ""),
            "company_location_state": state,
            "company_location_country": country.where(random.random(rows) < 0.95, ""),
            "job_title": _pick(random, _TITLE, rows).where(random.random(rows) < 0.9, ""),
        }
    )


def _places(random: np.random.Generator, rows: int) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Country, state and phone of each row, agreeing with one another."""
    where = random.choice(len(_COUNTRIES), rows, p=[share for share, *_ in _COUNTRIES])
    columns: list[Any] = [np.empty(rows, dtype=object) for _ in range(3)]
    for place, (_, *choices) in enumerate(_COUNTRIES):
        here = where == place
        for column, choice in zip(columns, choices, strict=True):
            column[here] = np.array(choice, dtype=object)[random.integers(0, len(choice), int(here.sum()))]
    country, state, pattern = (pd.Series(column, dtype="str") for column in columns)
    digits = [f"{number:04}" for number in random.integers(0, 10_000, rows).tolist()]
    phone = [text.format(n=d[:2], k=d[2:], m=d[:3]) for text, d in zip(pattern, digits, strict=True)]
    return country, state, pd.Series(phone, dtype="str")


def _repeat(leads: pd.DataFrame, random: np.random.Generator) -> None:
    """Overwrite a share of the rows with earlier ones; every other of them with another case and a +tag."""
    rows = len(leads)
    again = np.sort(random.choice(np.arange(1, rows), int(rows * DUPLICATES), replace=False))
    earlier = (random.random(len(again)) * again).astype(np.int64)
    copies = leads.iloc[earlier].set_axis(again)
    respelt = copies["email"].str.replace("@", "+news@", regex=False).str.upper()
    odd = np.arange(len(again)) % 2 == 1
    leads.iloc[again] = copies.assign(email=copies["email"].where(~odd, respelt))


def _pick(random: np.random.Generator, words: str, rows: int) -> pd.Series:
    return _entry(words, random.integers(0, 1 << 30, rows))


def _entry(words: str, numbers: Any) -> pd.Series:
    """The word of each number, counted round and round."""
    entries = np.array(words.split("|"))
    return pd.Series(entries[numbers % len(entries)], dtype="str")
