"""What the tests of the catalogue share: making things over HTTP, and reading the fields that an answer names."""

CATEGORY = {"name": "Life insurance", "fields": [{"name": "age", "type": "number", "required": True, "min": 18}]}
CAMPAIGN = {
    "categoryId": "life-insurance",
    "name": "Spring",
    "description": "d",
    "pricePerLead": "25.00",
    "distributionLogic": "ROUND_ROBIN",
    "allowStateSelection": True,
}


def told(answer, status=200):
    """The one thing that a successful answer holds."""
    assert status == answer.status_code, answer.text
    found = answer.json()
    assert found.pop("success") is True
    [value] = found.values()
    return value


def category_of(market, seller, **more):
    """A category, made as a seller."""
    return told(market.call(seller, "POST", "/api/categories", {**CATEGORY, **more}), 201)


def campaign_of(market, seller, **more):
    """A campaign, made as a seller."""
    return told(market.call(seller, "POST", "/api/campaigns", {**CAMPAIGN, **more}), 201)


def fields_at_fault(answer):
    """The fields that a refusal names, in its order."""
    assert 422 == answer.status_code, answer.text
    assert "application/problem+json" == answer.headers["content-type"]
    return [error["field"] for error in answer.json()["errors"]]


def pages_of(market, person, path, name, limit):
    """Every page of a list, by its cursors."""
    pages, cursor = [], ""
    while cursor is not None:
        joint = "&" if "?" in path else "?"
        answer = market.call(person, "GET", f"{path}{joint}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert 200 == answer.status_code, answer.text
        pages.append(answer.json()[name])
        cursor = answer.json()["nextCursor"]
    return pages
