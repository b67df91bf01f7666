"""The people that the sandbox's enrichment finds at a company."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.sandbox.people import MOST, chosen, dns_label, people_at, verdict

TITLES = ("CEO", "CTO", "VP", "Director")


def person(title, seniority="director"):
    return {"title": title, "seniority": seniority}


def test_a_domain_always_has_the_same_people_at_its_reserved_address():
    people = people_at(7, "vulcanmaterials.com")
    assert people == people_at(7, " VulcanMaterials.com")
    assert all(one["email"].endswith("@vulcanmaterials.example.com") for one in people)


def test_companies_have_none_to_nine_people_with_addresses_of_their_own():
    sizes = Counter()
    for row in range(500):
        people = people_at(7, f"company{row}.com")
        sizes[len(people)] += 1
        assert len(people) == len({one["email"] for one in people})
    assert set(range(MOST + 1)) == set(sizes)


@given(st.text(min_size=1, max_size=253))
def test_every_address_is_plain_ascii_under_example_com(domain):
    label = dns_label(domain)
    assert 1 <= len(label) <= 63
    assert label == label.strip("-")
    for one in people_at(7, domain):
        assert one["email"].isascii()
        assert one["email"].endswith(f"@{label}.example.com")


@pytest.mark.parametrize(
    ("domain", "label"),
    [
        ("www.acme.co.uk", "acme"),
        ("münchen.de", "munchen"),
        ("a_b.com", "a-b"),
        ("...", "company"),
        ("日本.jp", "company"),
    ],
)
def test_the_first_label_is_made_safe_for_dns(domain, label):
    assert label == dns_label(domain)


def test_a_title_matches_by_whole_words_so_that_cto_finds_no_director():
    people = [person("IT Director"), person("CTO", "executive"), person("vp sales", "executive")]
    assert ["CTO"] == [one["title"] for one in chosen(people, titles=["cto"], seniorities=[], limit=9)]
    assert ["vp sales"] == [one["title"] for one in chosen(people, titles=["VP"], seniorities=[], limit=9)]


def test_seniority_is_exact_and_empty_filters_do_not_constrain():
    people = [person("IT Director"), person("CTO", "executive")]
    assert [people[1]] == chosen(people, titles=TITLES, seniorities=["executive"], limit=9)
    assert [] == chosen(people, titles=TITLES, seniorities=["Executive"], limit=9)
    assert people == chosen(people, titles=[], seniorities=[], limit=9)
    assert people[:1] == chosen(people, titles=[], seniorities=[], limit=1)


def test_nine_addresses_in_ten_are_valid():
    verdicts = Counter(verdict(7, f"person{row}@acme.example.com") for row in range(4000))
    assert 0.88 < verdicts["valid"] / 4000 < 0.92
    assert 0.035 < verdicts["invalid"] / 4000 < 0.065
    assert 0.035 < verdicts["unknown"] / 4000 < 0.065


def test_what_is_no_address_is_invalid():
    assert ["invalid"] * 3 == [verdict(7, text) for text in ("nobody", "@acme.com", "jane@")]
