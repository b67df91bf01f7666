"""Accounts at platforms: every fault at its field, and none for what the products take."""

import json
from typing import Any

import pytest

from lead_pipeline.contracts.platform_accounts import (
    AccountSent,
    NewAccountSent,
    PlatformAccount,
    check_account,
    complete_options,
    read_account,
)
from lead_pipeline.errors import FieldsRefused

HTTP: dict[str, Any] = {"provider": "http", "url": "https://a.example", "credentials": {"api_key": "k"}}
SALESFORCE: dict[str, Any] = {
    "provider": "salesforce",
    "url": "https://acme.my.salesforce.com",
    "credentials": {"client_id": "i", "client_secret": "s"},
    "options": {"external_id_field": "Lead_Pipeline_Id__c"},
    "mapping": {"LastName": "primary_contact.full_name", "Company": "company_name"},
}
HUBSPOT: dict[str, Any] = {
    "provider": "hubspot",
    "url": "https://api.hubapi.com",
    "credentials": {"access_token": "t"},
    "options": {"id_property": "lead_pipeline_id"},
    "mapping": {"name": "company_name"},
}


def faults(body: dict[str, Any], platform: str = "tech-platform") -> dict[str, str]:
    """Field to message of every fault."""
    try:
        check_account(platform, read_account(json.dumps(body).encode()))
    except FieldsRefused as refused:
        return {one["field"]: one["message"] for one in refused.errors}
    return {}


@pytest.mark.parametrize("body", [HTTP, SALESFORCE, HUBSPOT, {**HTTP, "url": "http://a.example"}])
def test_what_a_product_takes_has_no_fault(body: dict[str, Any]) -> None:
    assert {} == faults(body)


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        ({**HTTP, "url": "ftp://a.example"}, "url", "no http"),
        ({**HTTP, "url": "https://"}, "url", "no http"),
        ({**HTTP, "url": "https://a.example:99999"}, "url", "no http"),
        ({**HTTP, "url": "https://me:pass@a.example"}, "url", "has a user"),
        ({**HTTP, "url": "https://a.example?key=1"}, "url", "a query"),
        ({**SALESFORCE, "url": "http://acme.example"}, "url", "not https"),
        ({**HUBSPOT, "url": "http://127.evil.example"}, "url", "not https"),
        ({**HTTP, "credentials": {}}, "credentials.api_key", "missing"),
        ({**HTTP, "credentials": {"api_key": " "}}, "credentials.api_key", "missing"),
        ({**HTTP, "credentials": {"api_key": "kéy"}}, "credentials.api_key", "outside ASCII"),
        ({**HTTP, "credentials": {"api_key": "k\r\nX: y"}}, "credentials.api_key", "line breaks"),
        ({**HTTP, "credentials": {"api_key": "k", "password": "p"}}, "credentials.password", "not asked for"),
        ({**HTTP, "options": {"object": "Lead"}}, "options.object", "no option of http"),
        ({**SALESFORCE, "options": {}}, "options.external_id_field", "missing"),
        ({**SALESFORCE, "options": {"external_id_field": "a/b"}}, "options.external_id_field", "not of the form"),
        (
            {**SALESFORCE, "options": {"external_id_field": "X__c", "api_version": "45.0"}},
            "options.api_version",
            "form",
        ),
        ({**HUBSPOT, "options": {"id_property": "x", "object": "../contacts"}}, "options.object", "not of the form"),
        ({**SALESFORCE, "mapping": {}}, "mapping", "empty"),
        ({**HUBSPOT, "mapping": {}}, "mapping", "empty"),
        ({**SALESFORCE, "mapping": {"Company": "company_name"}}, "mapping.LastName", "a Lead needs LastName"),
        ({**SALESFORCE, "mapping": {"LastName": "domain"}}, "mapping.Company", "a Lead needs Company"),
        ({**HUBSPOT, "mapping": {"city": "location.city"}}, "mapping.name", "needs name or domain"),
        ({**SALESFORCE, "mapping": {**SALESFORCE["mapping"], "company": "domain"}}, "mapping.company", "named twice"),
        (
            {**SALESFORCE, "mapping": {**SALESFORCE["mapping"], "lead_pipeline_id__C": "id"}},
            "mapping.lead_pipeline_id__C",
            "own id",
        ),
        ({**HTTP, "mapping": {"id": "domain"}}, "mapping.id", "own id"),
        (
            {**SALESFORCE, "mapping": {**SALESFORCE["mapping"], "City": "location.town"}},
            "mapping.City",
            "no upload has",
        ),
        (
            {**SALESFORCE, "mapping": {**SALESFORCE["mapping"], "City": "location"}},
            "mapping.City",
            "a list or an object",
        ),
        ({**SALESFORCE, "mapping": {**SALESFORCE["mapping"], "City": ""}}, "mapping.City", "empty"),
        ({**HUBSPOT, "mapping": {"name": "company_name", "Na me": "domain"}}, "mapping.Na me", "no field name"),
        ({**HTTP, "provider": "zoho"}, "provider", "Input should be"),
        ({**HTTP, "secret": "x"}, "secret", "Extra inputs"),
    ],
)
def test_every_fault_is_named_at_its_field(body: dict[str, Any], field: str, words: str) -> None:
    found = faults(body)
    assert words in found.get(field, ""), found


def test_all_faults_are_told_at_once() -> None:
    body = {**SALESFORCE, "url": "nowhere", "credentials": {}, "options": {}, "mapping": {"City": "x"}}
    assert {
        "url", "credentials.client_id", "credentials.client_secret", "options.external_id_field", "mapping.City",
        "mapping.LastName", "mapping.Company",
    } == set(faults(body))  # fmt: skip


def test_a_field_that_the_text_names_twice_is_refused() -> None:
    text = json.dumps({**HTTP, "mapping": {"a": "domain", "b": "id"}}).replace('"b"', '"a"')
    with pytest.raises(FieldsRefused, match="a: is named twice"):
        read_account(text.encode())


def test_health_data_needs_tls_and_a_mapping() -> None:
    healthcare = "healthcare-platform"
    assert {"mapping", "url"} == set(faults({**HTTP, "url": "http://a.example"}, healthcare))
    mapped = {**HTTP, "mapping": {"company_name": "company_name", "contacts": "contacts"}}
    assert {} == faults(mapped, healthcare)
    assert {} == faults({**mapped, "url": "http://127.0.0.1:8091/platforms/healthcare-platform"}, healthcare)


def test_a_platform_that_there_is_not_is_named() -> None:
    assert {"platform"} == set(faults(HTTP, "space-platform"))


def test_options_that_are_not_named_have_their_defaults() -> None:
    assert {"object": "Lead", "api_version": "62.0", "external_id_field": "X__c"} == complete_options(
        "salesforce", {"external_id_field": "X__c"}
    )


def test_no_text_of_an_account_holds_its_credentials() -> None:
    account = PlatformAccount("w", "tech-platform", "http", "https://a.example", {"api_key": "canary"}, {}, {})
    assert "canary" not in repr(account)


@pytest.mark.parametrize("credentials", ['{"api_key": 7}', '"canary"', '["canary"]', '{"api_key": {"x": "canary"}}'])
def test_no_refusal_repeats_a_credential(credentials: str) -> None:
    body = f'{{"provider": "http", "url": "https://a.example", "credentials": {credentials}}}'
    with pytest.raises(FieldsRefused) as refused:
        read_account(body.encode())
    assert "canary" not in str(refused.value)


def test_a_new_account_names_its_platform_too() -> None:
    sent = read_account(json.dumps({**HTTP, "platform": "tech-platform"}).encode(), NewAccountSent)
    assert isinstance(sent, AccountSent)
    with pytest.raises(FieldsRefused, match="platform: Field required"):
        read_account(json.dumps(HTTP).encode(), NewAccountSent)
