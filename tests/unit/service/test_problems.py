"""Which problem document an error becomes."""

import json

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from lead_pipeline import errors
from lead_pipeline.service.problems import MEDIA_TYPE, Problem, add_problem_handlers, problem_of

STATUSES = [
    (errors.FileRefused("no"), 422),
    (errors.PlanExceeded("no"), 422),
    (errors.KeyRefused("no"), 401),
    (errors.KeyRefused("no", is_known=True), 403),
    (errors.NotFound("no"), 404),
    (errors.LimitReached("no", retry_after=1.2), 429),
    (errors.InProgress("no"), 409),
    (errors.DatabaseUnavailable("no"), 503),
    (errors.ContractBroken("no"), 500),
    (psycopg.OperationalError("server closed the connection"), 503),
    (ValueError("a password, say"), 500),
    (HTTPException(405), 405),
]


@pytest.mark.parametrize(("error", "status"), STATUSES, ids=lambda value: getattr(type(value), "__name__", value))
def test_every_error_has_its_status_and_says_what_to_do(error, status):
    problem = problem_of(error)
    document = json.loads(problem.response("/here").body)
    assert status == problem.status == document["status"]
    assert {"type", "title", "status", "detail", "instance"} <= set(document)
    assert document["detail"]
    assert "/here" == document["instance"]


def test_whoever_asks_too_often_learns_when_to_come_back():
    assert "2" == problem_of(errors.LimitReached("no", retry_after=1.2)).headers["Retry-After"]
    assert "1" == problem_of(errors.LimitReached("no", retry_after=0)).headers["Retry-After"]
    assert "Retry-After" in problem_of(errors.DatabaseUnavailable("no")).headers


def test_the_words_of_a_defect_stay_inside():
    assert "password" not in problem_of(ValueError("a password, say")).detail
    assert "closed" not in problem_of(psycopg.OperationalError("server closed the connection")).detail


class Thing(BaseModel):
    name: str


def app():
    built = FastAPI()
    add_problem_handlers(built)

    @built.post("/things")
    async def make(thing: Thing) -> None:
        raise Problem(418, "Teapot", "Pour tea.", cups=2)

    @built.get("/defect")
    async def defect() -> None:
        raise RuntimeError("secret")

    return TestClient(built, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", "/things", None, 405),
        ("POST", "/things", b"{", 422),
        ("POST", "/things", b'{"name": "\xff"}', 422),
        ("POST", "/things", b'{"name": 1}', 422),
        ("POST", "/things", b'{"name": "x"}', 418),
        ("GET", "/defect", None, 500),
    ],
)
def test_every_answer_that_is_no_success_is_a_problem_document(method, path, body, status):
    answer = app().request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert status == answer.status_code == answer.json()["status"]
    assert MEDIA_TYPE == answer.headers["content-type"]
    assert "secret" not in answer.text


def test_a_field_is_named_and_its_value_is_not():
    document = app().post("/things", json={"name": 20260302}).json()
    assert [{"field": "body.name", "message": "Input should be a valid string"}] == document["errors"]
    assert "20260302" not in json.dumps(document)


def test_extension_members_stand_beside_the_others():
    assert 2 == app().post("/things", json={"name": "x"}).json()["cups"]
