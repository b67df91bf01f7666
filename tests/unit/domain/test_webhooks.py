"""What a body is: every documented event, identities that hold, and bodies that are nearly or not at all JSON."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.vendor_rows import storable_text
from lead_pipeline.domain.webhooks import MAX_DEPTH, SOURCES, Envelope, lead_entries, parse_body, read_envelope

LEAD = {"email": "ann@example.com"}
CRM_LEAD = {
    "id": 4711,
    "hook_action": "on_create_lead",
    "attributes": {"updated_at": "2026-01-31T12:00:00Z", "customer": {"name": "Ann Roe", "email": "ann@example.com"}},
}
DOCUMENTED = {
    "datashopper": {
        "leads.batch": ({"leads": [LEAD, LEAD]}, "leads"),
        "leads.single": ({"lead": LEAD}, "leads"),
        "test": ({}, "nothing"),
    },
    "clay": {
        "enrichment.completed": ({"contacts": []}, "contacts"),
        "enrichment.failed": ({}, "contacts"),
        "test": ({}, "nothing"),
    },
    "audience-labs": {
        "import.batch": ({"leads": [LEAD] * 101}, "leads"),
        "import.completed": ({}, "nothing"),
        "import.failed": ({}, "nothing"),
        "test": ({"leads": [LEAD]}, "nothing"),
    },
    "c2s": {
        "on_create_lead": (CRM_LEAD, "leads"),
        "on_update_lead": (CRM_LEAD, "leads"),
        "on_close_lead": ({"id": 1}, "nothing"),
    },
}
EVENTS = [(source, name, *how) for source, events in DOCUMENTED.items() for name, how in events.items()]
KEYS = st.sampled_from(
    ["event_type", "hook_action", "event_id", "id", "leads", "lead", "data", "attributes", "customer", "updated_at"]
)
TEXT = st.text(st.characters(codec=None), max_size=8) | st.sampled_from([e[1] for e in EVENTS])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXT, inner, max_size=5),
)


def read(source, **body):
    return read_envelope(source, json.dumps(body).encode())


def is_storable(text):
    return text is None or (text == storable_text(text) and text.encode() is not None)


def hashed(source, body):
    return "sha256/" + hashlib.sha256(source.encode() + b"\n" + body).hexdigest()


@pytest.mark.parametrize(("source", "name", "more", "holds"), EVENTS)
def test_every_documented_event_is_known(source, name, more, holds):
    field = "hook_action" if source == "c2s" else "event_type"
    found = read(source, **{**more, field: name})

    assert (name, holds, None) == (found.event_type, found.holds, found.problem)
    assert set(DOCUMENTED) == set(SOURCES)


def test_a_whole_envelope_reads_as_it_should():
    body = {"event_type": "leads.batch", "event_id": "evt-1", "workspace_id": "acme", "timestamp": "t", "leads": []}

    assert Envelope("leads.batch", "event/evt-1", "acme", "leads", None, "t") == read("datashopper", **body)


@pytest.mark.parametrize(
    ("source", "body", "words"),
    [
        ("datashopper", {"event_type": "x"}, ["unknown event_type 'x'", "leads.batch, leads.single, test"]),
        ("datashopper", {"event_type": "import.batch", "leads": []}, ["unknown event_type 'import.batch'"]),
        ("datashopper", {}, ["no event_type"]),
        ("datashopper", {"event_type": ["test"]}, ["no event_type"]),
        ("datashopper", {"event_type": "leads.batch"}, ["leads.batch without a list `leads`"]),
        ("datashopper", {"event_type": "leads.batch", "leads": {}}, ["without a list `leads`"]),
        ("datashopper", {"event_type": "leads.single", "lead": []}, ["without an object `lead`"]),
        ("audience-labs", {"event_type": "import.batch", "leads": None}, ["without a list `leads`"]),
        ("c2s", {"id": 1, "attributes": CRM_LEAD["attributes"]}, ["no hook_action", "on_create_lead"]),
        ("c2s", {**CRM_LEAD, "attributes": {}}, ["on_create_lead without an object `attributes.customer`"]),
        ("c2s", {**CRM_LEAD, "attributes": []}, ["`attributes.customer`"]),
        ("c2s", {"event_type": "test"}, ["no hook_action"]),
        ("who", {"event_type": "test"}, ["unknown event_type 'test'"]),
    ],
)
def test_what_is_not_agreed_is_unknown_and_says_why(source, body, words):
    found = read(source, **body)

    assert "unknown" == found.holds
    assert [] == [word for word in [*words, "Have the sender"] if word not in found.problem]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"{",
        b'{"event_type":"test"} x',
        b'{"event_type":"test","n":NaN}',
        b'{"event_type":"test","n":-Infinity}',
        b'{"event_type":"test","n":' + b"9" * 5000 + b"}",
        b'{"event_type":"te\x00st"}',
        b'{"event_type":"\xff"}',
        b'{"event_type":"\xed\xa0\x80"}',
        '{"event_type":"test"}'.encode("utf-16"),
        '{"event_type":"test"}'.encode("utf-16-le"),
        '{"event_type":"test"}'.encode("utf-32"),
        b"[" * 100_000,
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'[{"event_type":"test"}]',
        b'"test"',
        b"7",
        b"null",
    ],
)
def test_a_body_that_is_no_object_is_unknown_and_known_by_its_bytes(body):
    found = read_envelope("clay", body)

    assert (None, hashed("clay", body), None, "unknown") == (
        found.event_type,
        found.external_id,
        found.workspace,
        found.holds,
    )
    assert "Have the sender" in found.problem
    assert is_storable(found.problem)
    assert 300 > len(found.problem)


def test_nesting_is_bounded_at_the_same_depth_wherever_it_is_read():
    def nested(levels):
        return b"[" * levels + b"{}" + b"]" * levels

    assert parse_body(nested(MAX_DEPTH - 1)) is not None
    with pytest.raises(ValueError, match="deeper than 64"):
        parse_body(nested(MAX_DEPTH))


def test_many_shallow_leads_are_not_deep():
    assert "leads" == read("audience-labs", event_type="import.batch", leads=[{"a": {}}] * 1000).holds


def test_a_mark_at_the_start_and_spaces_are_fine_and_the_last_of_two_equal_keys_counts():
    body = b'\xef\xbb\xbf \n{"event_type":"x","event_type":"test","id":"1","id":"2"} '

    assert Envelope("test", "event/2", None, "nothing", None) == read_envelope("clay", body)


def test_a_number_out_of_range_is_none_so_that_json_stays_json():
    assert [None, 0.5, 10**400] == parse_body(b"[1e999, 0.5, 1" + b"0" * 400 + b"]")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"event_id": "e"}, "event/e"),
        ({"event_id": "e", "id": "i"}, "event/e"),
        ({"event_id": None, "id": "i"}, "event/i"),
        ({"event_id": {}, "id": "i"}, "event/i"),
        ({"id": 7}, "event/7"),
        ({"id": "x" * 200}, f"event/{'x' * 200}"),
        ({"id": "x" * 201}, None),
        ({"id": 10**300}, None),
        ({"id": ""}, None),
        ({"id": "  "}, None),
        ({"id": True}, None),
        ({"id": 1.5}, None),
        ({"id": ["i"]}, None),
        ({"id": "a\x00"}, None),
        ({"id": "a\ud800"}, None),
        ({}, None),
    ],
)
def test_an_event_is_known_by_its_id_and_else_by_its_bytes(fields, expected):
    body = json.dumps({"event_type": "test", **fields}).encode()

    assert (expected or hashed("clay", body)) == read_envelope("clay", body).external_id


@pytest.mark.parametrize(
    ("changes", "updated_at", "expected"),
    [
        ({}, "2026-01-31", "event/on_create_lead/4711/2026-01-31"),
        ({"id": "abc"}, 1700000000, "event/on_create_lead/abc/1700000000"),
        ({}, 1700000000.5, "event/on_create_lead/4711/1700000000.5"),
        ({"hook_action": "on_close_lead"}, 1, "event/on_close_lead/4711/1"),
        ({"id": None}, 1, None),
        ({"hook_action": None}, 1, None),
        ({"id": "a/b"}, 1, None),
        ({}, None, None),
        ({}, True, None),
        ({}, "", None),
        ({}, "x" * 300, None),
    ],
)
def test_a_crm_event_is_known_by_action_lead_and_time(changes, updated_at, expected):
    lead = {**CRM_LEAD, **changes, "attributes": {**CRM_LEAD["attributes"], "updated_at": updated_at}}
    for body in (lead, {"data": lead}, {"data": lead, "id": 99}):
        raw = json.dumps(body).encode()
        assert (expected or hashed("c2s", raw)) == read_envelope("c2s", raw).external_id


def test_a_wrapped_crm_lead_is_the_bare_one():
    for body in ({"data": CRM_LEAD}, {**CRM_LEAD, "data": {"hook_action": "x"}}, CRM_LEAD):
        raw = json.dumps(body).encode()
        assert "leads" == read_envelope("c2s", raw).holds
        assert CRM_LEAD == {name: lead_entries("c2s", raw)[0][name] for name in CRM_LEAD}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"workspace_id": "acme"}, "acme"),
        ({"workspaceId": "acme"}, "acme"),
        ({"workspace_id": "", "workspaceId": "acme"}, "acme"),
        ({"workspace_id": "x" * 100}, "x" * 100),
        ({"workspace_id": "x" * 101}, None),
        ({"workspace_id": 7}, None),
        ({"workspace_id": "a\x00\udfff"}, "a\ufffd\ufffd"),
    ],
)
def test_a_workspace_is_named_in_text_of_at_most_a_hundred_characters(fields, expected):
    assert expected == read("clay", event_type="test", **fields).workspace


def test_an_event_type_is_cut_and_storable():
    found = read("clay", event_type="\x00\ud800" + "x" * 300)

    assert "\ufffd\ufffd" + "x" * 198 == found.event_type
    assert is_storable(found.problem)


@pytest.mark.parametrize(
    ("source", "body", "expected"),
    [
        ("datashopper", {"event_type": "leads.batch", "leads": [1, LEAD], "lead": {}}, [1, LEAD]),
        ("datashopper", {"event_type": "leads.single", "lead": LEAD, "leads": [1]}, [LEAD]),
        ("datashopper", {"event_type": "test", "leads": [LEAD]}, []),
        ("datashopper", {"event_type": "leads.single", "lead": 3}, []),
        ("clay", {"event_type": "enrichment.completed", "leads": [LEAD]}, []),
        ("c2s", {**CRM_LEAD, "hook_action": "on_close_lead"}, []),
    ],
)
def test_the_leads_are_those_that_the_event_is_about(source, body, expected):
    assert expected == lead_entries(source, json.dumps(body).encode())


@given(st.sampled_from([*SOURCES, "who"]), st.binary(max_size=60) | JSON.map(lambda body: json.dumps(body).encode()))
def test_any_bytes_give_an_envelope_that_can_be_stored(source, body):
    found = read_envelope(source, body)

    assert (found.holds == "unknown") == (found.problem is not None)
    assert found.external_id.startswith(("event/", "sha256/"))
    assert 206 >= len(found.external_id)
    assert all(map(is_storable, (found.event_type, found.external_id, found.workspace, found.problem)))
    assert found == read_envelope(source, body)
