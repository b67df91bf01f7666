"""Vendors' words for an industry, mapped to the five industries that have a platform of their own.

Every other industry has none and goes to the general platform. The raw word is kept elsewhere.
"""

from collections.abc import Mapping
from types import MappingProxyType

import pandas as pd

from lead_pipeline.domain.arrow import look_up, to_arrow, to_series

# GICS sectors and industries only where all of it belongs; the rest are words that vendors use.
_WORDS = {
    "Technology": """
        technology; information technology; it; tech; high tech; software; saas; software as a service;
        software development; computer software; application software; systems software; it services;
        it consulting & other services; information technology & services;
        information services; internet; internet software & services;
        internet services & infrastructure; computer hardware; computer networking;
        computer & network security; cybersecurity; cyber security; cloud computing; cloud; data processing;
        data infrastructure & analytics; big data; artificial intelligence; ai; machine learning; robotics;
        web development; semiconductors; semiconductors & semiconductor equipment;
        semiconductor materials & equipment; technology hardware, storage & peripherals;
        electronic equipment, instruments & components; electronic equipment & instruments;
        electronic components; electronic manufacturing services; communications equipment;
        technology distributors; edtech
    """,
    "Finance": """
        finance; financial; financials; financial services; fintech; banking; bank; banks; diversified banks;
        regional banks; investment banking; investment banking & brokerage; investment management;
        capital markets; asset management; asset management & custody banks; wealth management;
        venture capital; private equity; venture capital & private equity; hedge funds; credit unions;
        consumer finance; diversified financial services; financial exchanges & data;
        thrifts & mortgage finance; mortgage; mortgages; lending; loans; payments;
        transaction & payment processing services; insurance; insurtech; insurance brokers;
        life & health insurance; property & casualty insurance; multi-line insurance; reinsurance;
        multi-sector holdings; cryptocurrency
    """,
    "Healthcare": """
        healthcare; health care; health; health services; medical; medicine; medical practice;
        medical practices; medical devices; medical device; medical equipment; hospital; hospitals;
        hospital & health care; hospitals & health care; clinic; clinics; dental; dentistry; nursing;
        pharmaceuticals; pharmaceutical; pharma; pharmacy; biotech; biotechnology; life sciences;
        life sciences tools & services; health care equipment; health care equipment & supplies;
        health care supplies; health care providers & services; health care services;
        health care facilities; health care distributors; health care technology; managed health care;
        healthtech; digital health; telehealth; telemedicine; mental health; mental health care;
        health, wellness & fitness; veterinary
    """,
    "Retail": """
        retail; retailer; retailing; retail trade; e-commerce; ecommerce; online retail; internet retail;
        internet & direct marketing retail; specialty retail; other specialty retail; apparel retail;
        automotive retail; broadline retail; food retail; food & staples retailing; home improvement retail;
        homefurnishing retail; computer & electronics retail; consumer staples merchandise retail;
        multiline retail; department stores; general merchandise stores; drug retail; supermarkets;
        supermarket; grocery; grocery stores; convenience stores; luxury goods & jewelry retail;
        consumer staples distribution & retail
    """,
    "Marketing": """
        marketing; marketing services; marketing & advertising; digital marketing;
        online marketing; content marketing; email marketing; martech; marketing technology; adtech;
        advertising; advertising services; advertising agency; advertising agencies; market research;
        public relations; public relations & communications services; pr; branding; seo;
        social media marketing;
        media buying; direct marketing; lead generation
    """,
}

INDUSTRY_WORDS: Mapping[str, str] = MappingProxyType(
    {" ".join(word.split()): group for group, words in _WORDS.items() for word in words.split(";")}
)


def map_industries(raw: pd.Series) -> pd.Series:
    """One of our five industries for each vendor word; NaN when it is none of ours or missing.

    Case and spaces do not matter, and "and" is "&".
    """
    return to_series(look_up(to_arrow(raw), INDUSTRY_WORDS, _word), raw.index, raw.name)


def _word(raw: str) -> str:
    return " ".join(raw.casefold().split()).replace(" and ", " & ")
