"""What people write for a country beside ISO's own codes and names, and what a country domain says.

Keys are folded (no case, accents or dots). The words that name a country in ISO 3166 come from pycountry.
"""

# Everyday, former and vendor words.
COUNTRY_ALIASES = {
    "america": "US", "u s": "US", "u s a": "US", "united states of america": "US", "us of a": "US",
    "uk": "GB", "u k": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB",
    "wales": "GB", "northern ireland": "GB",
    "south korea": "KR", "korea": "KR", "korea south": "KR", "republic of korea": "KR", "north korea": "KP",
    "taiwan": "TW", "taiwan roc": "TW", "chinese taipei": "TW", "hong kong sar": "HK", "macau": "MO",
    "mainland china": "CN", "prc": "CN", "peoples republic of china": "CN",
    "russia": "RU", "vietnam": "VN", "viet nam": "VN", "laos": "LA", "burma": "MM", "brunei": "BN",
    "iran": "IR", "syria": "SY", "palestine": "PS", "turkey": "TR", "turkiye": "TR", "uae": "AE",
    "u a e": "AE",
    "czech republic": "CZ", "czechia": "CZ", "slovak republic": "SK", "macedonia": "MK", "moldova": "MD",
    "holland": "NL", "the netherlands": "NL", "bosnia": "BA", "vatican": "VA", "vatican city": "VA",
    "ivory coast": "CI", "cote divoire": "CI", "cape verde": "CV", "swaziland": "SZ", "tanzania": "TZ",
    "congo kinshasa": "CD", "drc": "CD", "dr congo": "CD", "congo brazzaville": "CG", "east timor": "TL",
    "bolivia": "BO", "venezuela": "VE", "brasil": "BR", "falkland islands": "FK",
    "british virgin islands": "VG", "bvi": "VG", "us virgin islands": "VI", "virgin islands us": "VI",
    "micronesia": "FM", "saint martin": "MF", "st martin": "MF", "sint maarten": "SX", "curacao": "CW",
    "st lucia": "LC", "st kitts and nevis": "KN", "st vincent": "VC", "reunion": "RE",
    "deutschland": "DE", "espana": "ES", "italia": "IT", "osterreich": "AT", "schweiz": "CH", "suisse": "CH",
    "ksa": "SA", "rsa": "ZA", "nz": "NZ", "republic of ireland": "IE", "eire": "IE",
}  # fmt: skip

# Country domains that are sold to the world and used as general ones, as search engines treat them.
_GENERAL = """
    ac ad ag ai am as bz cc cd co dj fm gg gl io la ly me ms mu nu sc sh so sr st su tk to tv vc ws
"""
GENERAL_COUNTRY_DOMAINS = frozenset(_GENERAL.split())

# Country domains that are not the ISO code; `eu` is no country but is not the United States either.
DOMAIN_COUNTRIES = {"uk": "GB", "eu": "EU"}
