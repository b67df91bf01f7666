"""Which lead an event closes, by whom and when, however the CRM spells it; and when a closing is told again."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.crm_closing import ACTION, is_news, key_of, read_closing

AT = "2026-03-02T09:00:00-03:00"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SELLER = {"id": "S-7", "name": "Marina Prado", "email": "Marina@Agency.example"}


def body(lead_id="7", action=ACTION, **attributes):
    return json.dumps({"id": lead_id, "hook_action": action, "attributes": {"updated_at": AT, **attributes}}).encode()


def closing(**attributes):
    return read_closing(body(**attributes))


def test_a_closing_names_its_lead_its_realtor_its_moment_and_the_customer_bare_or_wrapped():
    bare = body(
        seller=SELLER,
        customer={"name": "Ana Souza", "email": "ana@example.com"},
        lead_source={"id": 1, "name": "Portal"},
    )
    read = read_closing(bare)
    assert read == read_closing(json.dumps({"data": json.loads(bare)}).encode())
    assert ("7", ("marina@agency.example", "s-7"), "Marina Prado") == (read.lead_id, read.keys, read.name)
    assert (NOON, "Ana Souza", "Portal") == (read.closed_at, read.customer, read.source)
    assert "marina@agency.example" == read.realtor
    assert "close/7/2026-03-02T12:00:00+00:00" == read.subject
    for hidden in ("marina", "Ana", "ana@"):
        assert hidden not in repr(read)


@pytest.mark.parametrize("action", ["on_create_lead", "on_update_lead", "", None, 7])
def test_what_closes_no_lead_is_no_closing(action):
    assert read_closing(body(action=action, seller=SELLER)) is None


@pytest.mark.parametrize("lead_id", [None, "", " 7", "a\nb", 7.5, ["7"], "a\x00"])
def test_a_closing_without_a_usable_lead_is_none(lead_id):
    assert read_closing(body(lead_id=lead_id, seller=SELLER)) is None


@pytest.mark.parametrize(
    ("attributes", "lookups"),
    [
        ({"seller": SELLER}, [("marina@agency.example", False), ("s-7", False)]),
        ({"seller": {"id": 7}}, [("7", False)]),
        ({"seller": {"email": " Marina@Agency.example "}}, [("marina@agency.example", False)]),
        ({"seller": {"name": "Marina  Prado"}}, [("marina prado", True)]),
        ({"seller": "marina@agency.example"}, [("marina@agency.example", False)]),
        ({"seller": "Marina Prado"}, [("marina prado", False), ("marina prado", True)]),
        ({"seller": 7}, [("7", False), ("7", True)]),
        ({"user": {"id": "S-7"}}, [("s-7", False)]),
        ({"realtor": {"id": "S-7"}}, [("s-7", False)]),
        ({"seller": None, "user": {"id": "S-7"}}, [("s-7", False)]),
        ({"seller": {"id": True, "email": ["x"], "name": {}}}, []),
        ({"seller": ["Marina"]}, []),
        ({}, []),
    ],
)
def test_a_realtor_is_looked_up_by_what_is_surest_and_by_the_name_only_where_there_is_nothing_else(attributes, lookups):
    found = closing(**attributes)
    assert lookups == found.lookups
    assert (found.realtor is None) == (lookups == [])


@pytest.mark.parametrize(
    "named",
    [
        {"closed_at": AT},
        {"closed_at": "2026-03-02T12:00:00Z"},
        {"closed_at": "2026-03-02T12:00:00"},
        {"done_details": {"done": True, "done_at": AT}},
        {"archive_details": {"archived": True, "archived_at": AT}},
        {"closed_at": "soon", "done_details": {"closed_at": AT}},
    ],
)
def test_the_moment_that_a_closing_names_stays_its_own_however_often_the_lead_is_changed(named):
    later = "2026-03-05T00:00:00Z"
    assert closing().subject == closing(**named, updated_at=later).subject


@pytest.mark.parametrize("changed", [None, "", "yesterday", 5, "0001-01-01T00:00:00+14:00"])
def test_a_closing_without_a_moment_is_about_its_lead(changed):
    read = closing(updated_at=changed)
    assert (None, "close/7") == (read.closed_at, read.subject)


def test_a_closing_is_news_where_it_is_later_than_the_last_one_that_was_told():
    read, second = closing(), timedelta(seconds=1)
    assert [True, True, False, False] == [is_news(read, told) for told in (None, NOON - second, NOON, NOON + second)]
    assert [True, False] == [is_news(closing(updated_at=None), told) for told in (None, NOON - second)]


def test_what_people_typed_has_no_lines_and_no_hidden_direction():
    read = closing(customer={"name": "Ana\r\nBcc: x\u202e"}, source="  a\tb ", seller={"name": "\u202e"})
    assert ("Ana Bcc: x", "a b", None) == (read.customer, read.source, read.realtor)


def test_keys_are_compared_without_case_and_outer_spaces():
    assert key_of(" Marina@AGENCY.example ") == key_of("marina@agency.example")


@given(st.binary(max_size=60) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
def test_no_body_raises(raw):
    read_closing(raw if isinstance(raw, bytes) else raw.encode("utf-8", "surrogatepass"))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "email", "x"]), inner),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(["seller", "user", "customer", "source", "updated_at", "done_details"]), _JSON))
def test_no_attributes_raise_and_what_is_read_can_be_stored(attributes):
    read = read_closing(json.dumps({"id": "7", "hook_action": ACTION, "attributes": attributes}).encode())
    text = json.dumps([read.keys, read.name, read.customer, read.source, read.subject], ensure_ascii=False)
    assert "\x00" not in text
    text.encode()
