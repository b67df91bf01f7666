"""A million e-mails and a million phones, half of them distinct, with every column that is made of them, on one core.

Nobody is written to or called: mailboxes are made up, phones are random digits in their country's plan or beside it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.bench import Bench, middle
from benchmarks.figures import Figure
from lead_pipeline.domain.email import normalise_emails
from lead_pipeline.domain.phone import normalise_phones

ROWS, DISTINCT, ROUNDS = 1_000_000, 500_000, 3
BAR_SECONDS = 12.0
_MADE = DISTINCT * 5 // 4  # some come out alike

_MAIL = {"gmail.com": 0.25, "hotmail.com": 0.1, "yahoo.com.br": 0.05, "mailinator.com": 0.01}
_SLIPS = "gmial.com|gmail.co|hotmial.com|yaho.com.br|outlok.com|gmail.con"
_ODD = "ada{n} at acme|@acme{n}.com|joão{n}@exemplo.com.br|INFO@Acme{n}.COM|a..b{n}@acme.com|999999{n}@acme.com"
_PHONES = (
    (0.35, "US", ("(212) {c}-{b}", "415-{c}-{b}", "+1 617 {c} {b}", "312.{c}.{b}", "1 (206) {c}-{b}")),
    (0.40, "BR", ("(11) 9{a}-{b}", "119{a}{b}", "0{d}9{a}{b}", "+55 21 9{a}-{b}", "+55{d}3{c}{b}", "55119{a}{b}")),
    (0.10, "GB", ("020 7{c} {b}", "+44 7700 {c}{c}", "+44 (0)161 {c} {b}")),
    (0.06, "FR", ("01 {d} {d} {b}", "+33 6 {d} {d} {b}")),
    (0.04, "DE", ("030 {a}{c}", "+49 1573 {a}{c}")),
    (0.03, "AU", ("(02) {b} {a}", "+61 4{d} {c}{c}")),
    (0.02, None, ("{c}-{b} x{d}", "call {b}{c}", "{a}{b}", "tel:+1-212-{c}-{b}")),
)  # fmt: skip


def run(bench: Bench) -> list[Figure]:
    """Every address and number is read anew in each round; nothing is stored."""
    random = np.random.default_rng(20260401)
    emails, numbers = _twice(_emails(random), random), _twice(_phones(random), random)
    seconds: list[tuple[float, float]] = []
    with _one_core():
        for turn in range(ROUNDS):
            begin = time.perf_counter()
            normalise_emails(emails["email"])
            between = time.perf_counter()
            normalise_phones(numbers["phone"], numbers["country"])
            seconds.append((between - begin, time.perf_counter() - between))
            bench.console.print(f"  round {turn + 1} of {ROUNDS}: {seconds[-1][0]:.2f} s + {seconds[-1][1]:.2f} s")
    return [
        Figure(f"{ROWS:,} e-mails and phones on one core", middle([sum(pair) for pair in seconds]), "s", BAR_SECONDS),
        Figure(f"{ROWS:,} e-mails on one core", middle([first for first, _ in seconds]), "s"),
        Figure(f"{ROWS:,} phones on one core", middle([second for _, second in seconds]), "s"),
    ]


@contextmanager
def _one_core() -> Iterator[None]:
    """Arrow with one thread. Nothing else in the two passes is parallel."""
    threads = pa.cpu_count()
    pa.set_cpu_count(1)
    try:
        yield
    finally:
        pa.set_cpu_count(threads)


def _twice(made: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """DISTINCT rows of those that were made, each as often as fits into ROWS, in no order."""
    distinct = made.drop_duplicates(ignore_index=True).head(DISTINCT)
    return distinct.iloc[random.permutation(np.tile(np.arange(DISTINCT), ROWS // DISTINCT))].reset_index(drop=True)


def _emails(random: np.random.Generator) -> pd.DataFrame:
    number = pd.Series(np.arange(_MADE)).astype("str")
    domain = "company" + pd.Series(random.integers(0, _MADE // 4, _MADE)).astype("str") + ".com"
    chance, start = random.random(_MADE), 0.0
    for free, share in _MAIL.items():
        domain = domain.where((chance < start) | (chance >= start + share), free)
        start += share
    domain = domain.where(chance < 0.99, _pick(random, _SLIPS))
    kind = random.random(_MADE)
    email = ("Jane." + number + "@" + domain).where(kind >= 0.05, _pick(random, "info|sales|contato") + "@" + domain)
    odd = [text.format(n=n) for n, text in enumerate(_pick(random, _ODD))]
    return pd.DataFrame({"email": email.where(kind < 0.97, pd.Series(odd, dtype="str"))})


def _phones(random: np.random.Generator) -> pd.DataFrame:
    """Numbers as people write them, and the country of the row."""
    where = random.choice(len(_PHONES), _MADE, p=[share for share, *_ in _PHONES]).tolist()
    which, digits = random.integers(0, 1 << 30, _MADE).tolist(), random.integers(0, 10**13, _MADE).tolist()
    texts = []
    for group, pick, number in zip(where, which, digits, strict=True):
        forms, d = _PHONES[group][2], f"{number:013}"
        texts.append(forms[pick % len(forms)].format(a=d[:4], b=d[4:8], c=d[8:11], d=d[11:]))
    countries = [_PHONES[group][1] for group in where]
    return pd.DataFrame({"phone": pd.Series(texts, dtype="str"), "country": pd.Series(countries, dtype="str")})


def _pick(random: np.random.Generator, words: str) -> pd.Series:
    entries = np.array(words.split("|"))
    return pd.Series(entries[random.integers(0, len(entries), _MADE)], dtype="str")
