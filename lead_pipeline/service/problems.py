"""What an error looks like to a caller: a problem document (RFC 9457). Decides no error; it only tells of them.

`type` is a URN made of the title, `instance` the path that was asked. Nothing of a request's body is repeated.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import psycopg
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match

from lead_pipeline.errors import (
    Conflict,
    DatabaseUnavailable,
    FieldsRefused,
    FileRefused,
    InProgress,
    KeyRefused,
    LeadPipelineError,
    LimitReached,
    NotAllowed,
    NotFound,
    PaymentRefused,
    RepairRefused,
    RulesRefused,
    SettingsError,
    SignInRefused,
    TransientError,
    VendorRefused,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
_STATUSES: tuple[tuple[type[LeadPipelineError], int, str], ...] = (
    (FileRefused, 422, "File refused"),
    (RulesRefused, 422, "Rules refused"),
    (RepairRefused, 422, "Repair refused"),
    (NotFound, 404, "Not found"),
    (Conflict, 409, "Conflict"),
    (NotAllowed, 403, "Forbidden"),
    (PaymentRefused, 402, "Payment refused"),
    (VendorRefused, 502, "Vendor refused"),
    (LimitReached, 429, "Limit reached"),
    (InProgress, 409, "In progress"),
    (DatabaseUnavailable, 503, "Database unavailable"),
    (SettingsError, 503, "Not set up"),
    (TransientError, 503, "Try again"),
)
_ADVICE = {
    404: "Nothing is served at this path. /docs lists what is.",
    405: "This path does not take that method. The Allow header and /docs say which it takes.",
}
_NOT_IN_A_SLUG = re.compile("[^a-z0-9]+")


class Problem(HTTPException):
    """An answer other than success. `detail` says what to do next; `more` are extension members.

    An HTTPException, because FastAPI passes those on from wherever a body is read, and turns all others into a 400.
    """

    def __init__(
        self, status: int, title: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.status, self.title, self.more = status, title, more

    def response(self, instance: str) -> Response:
        """The document, for a request of the path `instance`."""
        document = {
            "type": f"urn:lead-pipeline:problem:{_NOT_IN_A_SLUG.sub('-', self.title.lower()).strip('-')}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            **self.more,
        }
        return Response(json.dumps(document).encode(), self.status, self.headers, MEDIA_TYPE)


def problem_of(error: Exception) -> Problem:
    """The problem that an error is to a caller. What is no error of ours is a defect: 500, without its words."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, psycopg.OperationalError):
        error = DatabaseUnavailable("Postgres does not answer. Send the same request again.")
    for own, problem in _OWN_PROBLEMS:
        if isinstance(error, own):
            return problem(error)
    for kind, status, title in _STATUSES:
        if isinstance(error, kind):
            return Problem(status, title, str(error), headers=_patience(error))
    return Problem(500, "Internal error", "A defect; it was logged. Send the same request again, or tell the operator.")


def fields_problem(errors: list[dict[str, str]], **more: Any) -> Problem:
    """The problem that fields are wrong: `field` and `message` of each."""
    return Problem(
        422, "Unprocessable", "Mend the fields that `errors` names, then send it again.", errors=errors, **more
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of an application with its problem document."""
    for kind in (HTTPException, RequestValidationError, LeadPipelineError, psycopg.OperationalError, Exception):
        app.add_exception_handler(kind, _answer)
    app.add_exception_handler(ClientDisconnect, _nobody)


async def _answer(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem.status == 405:
        problem.headers = {**(problem.headers or {}), "Allow": _methods_of(request)}
    return problem.response(request.url.path)


def _methods_of(request: Request) -> str:
    """Every method that a path takes: its routes are one a method, and each knows of its own only."""
    routes = [route for route in request.app.router.routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in routes for method in getattr(route, "methods", None) or ()}))


async def _nobody(request: Request, _: Exception) -> Response:
    return Problem(400, "Body cut off", "The connection ended before the body did. Send it again.").response(
        request.url.path
    )


def _problem_of_http(error: HTTPException) -> Problem:
    if isinstance(error.__cause__, Problem):
        return error.__cause__
    if isinstance(error.__cause__, UnicodeError):  # FastAPI calls these a bad request, every other body unprocessable
        return Problem(422, "Unprocessable", "The body is not UTF-8. Send it as UTF-8.")
    title = HTTPStatus(error.status_code).phrase.capitalize()
    own_words = error.detail if error.detail != HTTPStatus(error.status_code).phrase else None
    detail = own_words or _ADVICE.get(error.status_code, "See /docs for what this path takes.")
    return Problem(error.status_code, title, str(detail), headers=error.headers)


def _problem_of_fields(error: RequestValidationError) -> Problem:
    """Where and what, but not the value: it may be personal, and it need not be printable."""
    errors = [{"field": ".".join(map(str, item["loc"])), "message": item["msg"]} for item in error.errors()]
    return fields_problem(errors)


def _problem_of_caller(error: KeyRefused | SignInRefused) -> Problem:
    if isinstance(error, KeyRefused) and error.is_known:
        return Problem(403, "Forbidden", str(error))
    return Problem(401, "Unauthorized", str(error), headers={"WWW-Authenticate": "Bearer"})


def _patience(error: LeadPipelineError) -> dict[str, str]:
    if isinstance(error, LimitReached):
        return {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
    return {"Retry-After": str(RETRY_SECONDS)} if isinstance(error, TransientError) else {}


_OWN_PROBLEMS: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (HTTPException, _problem_of_http),
    (RequestValidationError, _problem_of_fields),
    (KeyRefused, _problem_of_caller),
    (SignInRefused, _problem_of_caller),
    (FieldsRefused, lambda error: fields_problem(error.errors)),
)
