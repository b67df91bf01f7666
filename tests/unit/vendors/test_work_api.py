"""The Work API's wire: a person, nobody, somebody else, and what is not accepted."""

import json

import httpx
import pytest

from lead_pipeline.errors import PermanentError, VendorUnavailable
from lead_pipeline.vendors.work_api import NOBODY, PersonAnswer, PersonRecord, WorkApi, read_person

CPF, OTHER = "52998224725", "39053344705"
ANA = {
    "cpf": CPF,
    "name": "Ana Silva",
    "birth_date": "1980-02-03",
    "gender": "F",
    "occupation": None,
    "emails": ["ana.silva@example.com"],
    "phones": ["+5511987654321"],
    "addresses": [{"city": "Recife", "state": "PE"}, {"city": None}, {"city": "Olinda"}, {"city": "Recife"}],
}
PRIVATE = ("52998224725", "529.982", "39053344705", "Ana", "Silva", "Recife", "1980", "example.com", "98765")


def asking(transport_to, answer, seen=None, *, status=200):
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, content=json.dumps(answer).encode())

    return WorkApi(transport_to("", wire=httpx.MockTransport(handle)), "http://work.test/v1/", "work-key")


def read(person):
    return read_person(json.dumps({"person": person}).encode()).person


def test_a_person_is_asked_for_by_digits(transport_to):
    seen: list[httpx.Request] = []
    answer = asking(transport_to, {"person": ANA}, seen).person("529.982.247-25")

    assert (
        PersonRecord(
            cpf=CPF,
            name="Ana Silva",
            birth_date="1980-02-03",
            gender="F",
            occupation=None,
            emails=("ana.silva@example.com",),
            phones=("+5511987654321",),
            cities=("Recife", "Olinda"),
        )
        == answer.person
    )
    assert json.dumps({"person": ANA}).encode() == answer.body
    assert answer == read_person(answer.body)
    assert "http://work.test/v1/persons" == str(seen[0].url)
    assert "Bearer work-key" == seen[0].headers["Authorization"]
    assert {"cpf": CPF} == json.loads(seen[0].content)


def test_nobody_is_an_answer_and_so_is_a_404(transport_to):
    assert asking(transport_to, {"person": None}).person(CPF).person is None

    answer = asking(transport_to, {"error": "unknown"}, status=404).person(CPF)
    assert PersonAnswer(NOBODY, None) == answer == read_person(answer.body)


def test_only_cpf_and_name_are_needed_and_text_is_storable():
    person = read({"cpf": "529.982.247-25", "name": " A\x00B ", "emails": None, "phones": [" "], "addresses": None})

    assert PersonRecord(CPF, "A\ufffdB", None, None, None, (), (), ()) == person


def test_another_persons_answer_is_not_accepted_and_names_neither(transport_to):
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed: it is about another CPF") as caught:
        asking(transport_to, {"person": {**ANA, "cpf": OTHER}}).person(CPF)

    assert not [private for private in PRIVATE if private in str(caught.value)]


def test_what_is_no_cpf_is_not_asked_for_and_not_quoted(transport_to):
    seen: list[httpx.Request] = []
    with pytest.raises(PermanentError, match="no CPF") as caught:
        asking(transport_to, {}, seen).person("52998224724")

    assert [] == seen
    assert "52998" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        [], {}, {"person": []}, {"person": CPF}, {"person": {}}, {"person": {**ANA, "cpf": int(CPF)}},
        {"person": {**ANA, "cpf": "52998224724"}}, {"person": {**ANA, "name": " "}}, {"person": {**ANA, "name": 5}},
        {"person": {**ANA, "gender": 1}}, {"person": {**ANA, "birth_date": {}}}, {"person": {**ANA, "emails": "a"}},
        {"person": {**ANA, "phones": [5]}}, {"person": {**ANA, "addresses": {}}},
        {"person": {**ANA, "addresses": ["Recife"]}}, {"person": {**ANA, "addresses": [{"city": 1}]}},
    ],
)  # fmt: skip
def test_what_was_not_agreed_is_not_accepted_and_not_quoted(answer):
    with pytest.raises(VendorUnavailable, match="answer is not what was agreed") as caught:
        read_person(json.dumps(answer).encode())

    assert not [private for private in PRIVATE if private in str(caught.value)]


def test_no_repr_holds_a_person():
    answer = read_person(json.dumps({"person": ANA}).encode())

    assert not [private for private in PRIVATE if private in f"{answer!r} {answer.person!r} {answer} {answer.person}"]
