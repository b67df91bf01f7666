"""Slugs of any name, and what can be one."""

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.slugs import LONGEST, as_slug, as_uuid, free_slug, is_slug, slug_of


@given(st.text(max_size=300))
def test_a_slug_of_any_name_is_one(name):
    assert is_slug(slug_of(name, otherwise="x"))


@given(st.text(max_size=80), st.integers(1, 50))
def test_a_free_slug_is_not_taken_and_still_one(name, count):
    taken: set[str] = set()
    for _ in range(count):
        slug = free_slug(slug_of(name, otherwise="x"), taken)
        assert slug not in taken
        assert len(slug) <= LONGEST
        assert is_slug(slug)
        taken.add(slug)


def test_a_name_is_told_by_its_words_without_accents():
    assert "uber-grosse-2" == slug_of(" Über_Größe (2)", otherwise="x")
    assert "x" == slug_of("!?", otherwise="x")


def test_an_id_is_no_slug_and_a_slug_no_id():
    name = str(uuid4())
    assert (name, None) == (as_uuid(name.upper()), as_slug(name))
    assert "category" == slug_of(name, otherwise="category")
    for text in ("spring", name.replace("-", ""), "{" + name + "}", f"urn:uuid:{name}", name[:-1], "", "é" * 36):
        assert as_uuid(text) is None, text
    for text in ("", "-", "a-", "A", "a b", "é", "a\n", "a" * (LONGEST + 1)):
        assert as_slug(text) is None, text
