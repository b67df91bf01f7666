"""A query's filters as search parameters, and filters that cannot be searched."""

import datetime as dt

import pytest

from lead_pipeline.domain.search import search_params
from lead_pipeline.errors import PermanentError


def test_every_filter_reaches_the_search():
    filters = {
        "topic": "crm",
        "location": {"country": "US", "state": "NY"},
        "companySize": {"min": 10, "max": 200},
        "industry": ["Software", "Retail"],
    }

    assert {**filters, "limit": 50, "as_of": "2026-01-05"} == search_params(filters, 50, dt.date(2026, 1, 5))


@pytest.mark.parametrize("filters", [{}, {"topic": None, "location": None, "companySize": {}, "industry": None}])
def test_what_is_not_asked_for_does_not_constrain(filters):
    assert {
        "topic": None,
        "location": {"country": None, "state": None},
        "companySize": {"min": None, "max": None},
        "industry": [],
        "limit": 50,
        "as_of": None,
    } == search_params(filters, 50, None)


@pytest.mark.parametrize(("own", "limit"), [(10, 10), (80, 50), (None, 50)])
def test_the_smaller_limit_holds(own, limit):
    assert limit == search_params({"limit": own}, 50, None)["limit"]


@pytest.mark.parametrize(
    ("filters", "named"),
    [
        ({"colour": "red"}, "unknown filter colour"),
        ({"location": {"city": "Rome"}}, "unknown filter location.city"),
        ({"companySize": {"minimum": 1}}, "unknown filter companySize.minimum"),
        ({"location": "US"}, "location is not an object"),
        ({"location": {"state": 5}}, "location.state is not text"),
        ({"topic": " "}, "topic is not text"),
        ({"companySize": {"min": "10"}}, "companySize.min is not a whole number"),
        ({"companySize": {"max": True}}, "companySize.max is not a whole number"),
        ({"companySize": {"min": 9, "max": 5}}, "companySize.min 9 is above companySize.max 5"),
        ({"industry": "Retail"}, "industry is not a list"),
        ({"industry": [1]}, "industry is not a list"),
        ({"industry": 0}, "industry is not a list"),
        ({"limit": 0}, "limit is not a whole number"),
    ],
)
def test_a_filter_that_cannot_be_searched_is_named(filters, named):
    with pytest.raises(PermanentError, match=named):
        search_params(filters, 50, None)


def test_all_that_is_wrong_is_named_at_once():
    with pytest.raises(PermanentError, match="unknown filter colour; topic is not text; limit is not"):
        search_params({"colour": 1, "topic": 2}, 0, None)
