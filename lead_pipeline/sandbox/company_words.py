"""The words that generated companies are made of: places, sectors, industries, names. Holds no logic."""

# Roughly as often as in a real listing; "" is a company without a size.
SIZES = (
    *("Nano Cap", "Micro Cap", "Small Cap", "Mid Cap") * 4,
    *("Large Cap",) * 6,
    *("Mega Cap", ""),
)

# (country, state, city, postal code), the United States several times over, as in a real listing.
PLACES = (
    ("United States", "CA", "San Francisco", "94105"),
    ("United States", "CA", "San Diego", "92101"),
    ("United States", "NY", "New York", "10017"),
    ("United States", "NY", "Buffalo", "14202"),
    ("United States", "TX", "Austin", "78701"),
    ("United States", "MA", "Boston", "02110"),
    ("United States", "IL", "Chicago", "60606"),
    ("United States", "WA", "Seattle", "98101"),
    ("United States", "NJ", "Newark", "07102"),
    ("United States", "FL", "Tampa", "33602"),
    ("United States", "OH", "Columbus", "43215"),
    ("United States", "CO", "Denver", "80202"),
    ("United States", "PA", "Pittsburgh", "15222"),
    ("United States", "GA", "Atlanta", "30303"),
    ("Canada", "ON", "Toronto", "M5H 2N2"),
    ("Canada", "BC", "Vancouver", "V6C 1G8"),
    ("United Kingdom", "", "London", "EC2V 7HN"),
    ("Germany", "", "Munich", "80331"),
    ("Australia", "WA", "Perth", "6000"),
    ("Brazil", "SP", "Sao Paulo", "01310-100"),
    ("Japan", "", "Tokyo", "100-0005"),
    ("France", "", "Paris", "75008"),
)

INDUSTRIES = {
    "Information Technology": ("Software", "IT Services", "Communications Equipment"),
    "Financials": ("Banks", "Capital Markets", "Insurance"),
    "Health Care": ("Biotechnology", "Pharmaceuticals", "Health Care Technology"),
    "Consumer Discretionary": (
        "Specialty Retail",
        "Internet & Direct Marketing Retail",
        "Household Durables",
    ),
    "Consumer Staples": ("Beverages", "Food & Staples Retailing"),
    "Industrials": ("Machinery", "Construction & Engineering", "Professional Services"),
    "Communication Services": ("Media", "Interactive Media & Services", "Entertainment"),
    "Materials": ("Chemicals", "Construction Materials", "Metals & Mining"),
    "Energy": ("Oil, Gas & Consumable Fuels", "Energy Equipment & Services"),
    "Real Estate": ("Real Estate Management & Development",),
    "Utilities": ("Electric Utilities", "Water Utilities"),
}

FIRST_WORDS = (
    "Alder", "Amber", "Apex", "Arbor", "Aster", "Beacon", "Birch", "Blue Ridge", "Bright", "Cascade",
    "Cedar", "Clear Lake", "Cobalt", "Copper", "Crest", "Delta", "Eastgate", "Ember", "Evergreen", "Fairview",
    "Falcon", "Fern", "Granite", "Harbor", "Hazel", "Highland", "Iron", "Juniper", "Keystone", "Lark",
    "Maple", "Meridian", "North Star", "Oak", "Pioneer", "Quarry", "River", "Silver", "Summit", "Willow",
)  # fmt: skip
SECOND_WORDS = (
    "Analytics", "Dynamics", "Foods", "Forge", "Group", "Health", "Holdings", "Industries", "Labs",
    "Logistics", "Materials", "Media", "Networks", "Partners", "Power", "Retail", "Robotics", "Systems",
    "Technologies", "Works",
)  # fmt: skip
LEGAL_FORMS = {
    "United States": (", Inc.", " Corporation", " LLC", ""),
    "Canada": (" Inc.", " Ltd."),
    "United Kingdom": (" plc", " Limited"),
    "Germany": (" AG", " GmbH", " SE"),
    "Australia": (" Limited", " Ltd"),
    "Brazil": (" S.A.",),
    "Japan": (" Co., Ltd.", " Corporation"),
    "France": (" SA", " SE"),
}
WEBSITE_FORMS = (
    "http://www.{}.example",
    "https://www.{}.example",
    "https://{}.example",
    "http://{}.example/en/",
    "www.{}.example",
)
