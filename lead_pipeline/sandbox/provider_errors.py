"""Errors of Resend, SendGrid, Twilio and Slack, each in its own shape. Which there are is the stand-ins' matter."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, PlainTextResponse, Response

RESEND, SENDGRID, TWILIO, SLACK = "/resend/", "/sendgrid/", "/twilio/", "/slack/"
_RESEND_NAMES = {401: "missing_api_key", 403: "invalid_api_key", 404: "not_found", 405: "method_not_allowed",
                 429: "rate_limit_exceeded", 500: "internal_server_error"}  # fmt: skip
_TWILIO_CODES = {401: 20003, 404: 20404, 405: 20004, 429: 20429, 500: 20500}
_SLACK_WORDS = {429: "rate_limited", 500: "rollup_error"}


def resend_error(status: int, name: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """<https://resend.com/docs/api-reference/errors>"""
    return JSONResponse({"statusCode": status, "message": message, "name": name}, status, headers)


def sendgrid_error(status: int, field: str | None, message: str) -> JSONResponse:
    """<https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/errors>"""
    return JSONResponse({"errors": [{"message": message, "field": field, "help": None}]}, status)


def twilio_error(status: int, code: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """<https://www.twilio.com/docs/usage/twilios-response>"""
    link = f"https://www.twilio.com/docs/errors/{code}"
    return JSONResponse({"code": code, "message": message, "more_info": link, "status": status}, status, headers)


def provider_error(path: str, status: int, words: str, headers: Mapping[str, str] | None = None) -> Response | None:
    """An error that any call may meet, as the provider of a path tells it; None for a path that is no provider's."""
    if path.startswith(RESEND):
        return resend_error(status, _RESEND_NAMES.get(status, "application_error"), words, headers)
    if path.startswith(SENDGRID):
        answer = sendgrid_error(status, None, words)
        answer.headers.update(headers or {})
        return answer
    if path.startswith(TWILIO):
        return twilio_error(status, _TWILIO_CODES.get(status, 20000 + status), words, headers)
    if path.startswith(SLACK):
        return PlainTextResponse(_SLACK_WORDS.get(status, HTTPStatus(status).phrase), status, headers)
    return None
