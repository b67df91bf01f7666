"""Industries: one expectation for every word of the table, and words that are none of ours."""

import pandas as pd
import pytest

from lead_pipeline.domain.industry import INDUSTRY_WORDS, map_industries

# Written from what each word means, in alphabetical order, not from the table.
EXPECTED_WORDS = """
    adtech=M advertising=M advertising_agencies=M advertising_agency=M advertising_services=M ai=T
    apparel_retail=R application_software=T artificial_intelligence=T asset_management=F
    asset_management_&_custody_banks=F automotive_retail=R bank=F banking=F banks=F big_data=T biotech=H
    biotechnology=H branding=M broadline_retail=R capital_markets=F clinic=H clinics=H cloud=T
    cloud_computing=T communications_equipment=T computer_&_electronics_retail=R
    computer_&_network_security=T computer_hardware=T computer_networking=T computer_software=T
    consumer_finance=F consumer_staples_distribution_&_retail=R consumer_staples_merchandise_retail=R
    content_marketing=M convenience_stores=R credit_unions=F cryptocurrency=F cyber_security=T
    cybersecurity=T data_infrastructure_&_analytics=T data_processing=T dental=H dentistry=H
    department_stores=R digital_health=H digital_marketing=M direct_marketing=M diversified_banks=F
    diversified_financial_services=F drug_retail=R e-commerce=R ecommerce=R edtech=T
    electronic_components=T electronic_equipment_&_instruments=T
    electronic_equipment,_instruments_&_components=T electronic_manufacturing_services=T
    email_marketing=M finance=F financial=F financial_exchanges_&_data=F financial_services=F financials=F
    fintech=F food_&_staples_retailing=R food_retail=R general_merchandise_stores=R grocery=R
    grocery_stores=R health=H health_care=H health_care_distributors=H health_care_equipment=H
    health_care_equipment_&_supplies=H health_care_facilities=H health_care_providers_&_services=H
    health_care_services=H health_care_supplies=H health_care_technology=H health_services=H
    health,_wellness_&_fitness=H healthcare=H healthtech=H hedge_funds=F high_tech=T
    home_improvement_retail=R homefurnishing_retail=R hospital=H hospital_&_health_care=H hospitals=H
    hospitals_&_health_care=H information_services=T information_technology=T
    information_technology_&_services=T insurance=F insurance_brokers=F insurtech=F internet=T
    internet_&_direct_marketing_retail=R internet_retail=R internet_services_&_infrastructure=T
    internet_software_&_services=T investment_banking=F investment_banking_&_brokerage=F
    investment_management=F it=T it_consulting_&_other_services=T it_services=T lead_generation=M lending=F
    life_&_health_insurance=F life_sciences=H life_sciences_tools_&_services=H loans=F
    luxury_goods_&_jewelry_retail=R machine_learning=T managed_health_care=H market_research=M marketing=M
    marketing_&_advertising=M marketing_services=M marketing_technology=M martech=M media_buying=M
    medical=H medical_device=H medical_devices=H medical_equipment=H medical_practice=H
    medical_practices=H medicine=H mental_health=H mental_health_care=H mortgage=F mortgages=F
    multi-line_insurance=F multi-sector_holdings=F multiline_retail=R nursing=H online_marketing=M
    online_retail=R other_specialty_retail=R payments=F pharma=H pharmaceutical=H pharmaceuticals=H
    pharmacy=H pr=M private_equity=F property_&_casualty_insurance=F public_relations=M
    public_relations_&_communications_services=M regional_banks=F reinsurance=F retail=R retail_trade=R
    retailer=R retailing=R robotics=T saas=T semiconductor_materials_&_equipment=T semiconductors=T
    semiconductors_&_semiconductor_equipment=T seo=M social_media_marketing=M software=T
    software_as_a_service=T software_development=T specialty_retail=R supermarket=R supermarkets=R
    systems_software=T tech=T technology=T technology_distributors=T
    technology_hardware,_storage_&_peripherals=T telehealth=H telemedicine=H thrifts_&_mortgage_finance=F
    transaction_&_payment_processing_services=F venture_capital=F venture_capital_&_private_equity=F
    veterinary=H wealth_management=F web_development=T
"""
GROUPS = {"T": "Technology", "F": "Finance", "H": "Healthcare", "R": "Retail", "M": "Marketing"}
EXPECTED = {
    word.replace("_", " "): GROUPS[letter]
    for word, _, letter in (entry.rpartition("=") for entry in EXPECTED_WORDS.split())
}


def mapped(*words):
    return [found if isinstance(found, str) else None for found in map_industries(pd.Series(words, dtype="str"))]


@pytest.mark.parametrize("word", sorted(INDUSTRY_WORDS))
def test_a_word_of_the_table_means_what_it_says(word):
    assert EXPECTED[word] == INDUSTRY_WORDS[word]
    assert [EXPECTED[word]] * 3 == mapped(word, word.upper(), f" {word.replace('&', 'and')} ")


def test_no_expected_word_is_missing_from_the_table():
    assert set(EXPECTED) == set(INDUSTRY_WORDS)


@pytest.mark.parametrize(
    "word",
    [
        "Metals & Mining", "Communication Services", "Consumer Discretionary", "Consumer Staples",
        "Industrials",
        "Media", "Real Estate", "Health Care REITs", "Retail REITs", "Restaurants", "Distributors",
        "Utilities", "",
    ],
)  # fmt: skip
def test_an_industry_that_is_none_of_ours_is_missing(word):
    assert [None] == mapped(word)


def test_a_missing_word_has_no_industry():
    assert [None] == mapped(None)


@pytest.mark.parametrize(
    ("sheet", "columns"), [("companies.csv", ["sector", "industry"]), ("sp500.csv", ["GICS Sector"])]
)
def test_real_sectors_that_belong_are_mapped(real_data, sheet, columns):
    table = pd.read_csv(real_data / sheet, dtype="str")
    words = pd.concat([table[column] for column in columns]).dropna().drop_duplicates()
    ours = {"Information Technology", "Financials", "Health Care"}
    assert ours <= set(words[map_industries(words).notna()])
