"""How the service describes itself: the problem document, the answers of webhooks, and an example of each event.

Only the description; what is answered is decided where it is answered.
"""

from http import HTTPStatus
from typing import Any

from lead_pipeline.service.problems import MEDIA_TYPE

TITLE = "Lead Pipeline intake"
DESCRIPTION = """
Takes leads in. A webhook is answered once its exact bytes are durable; what becomes of its leads is decided after the
answer. An event that was there already answers 200 with the first drop's id. Errors are problem documents (RFC 9457):
`detail` says what to do. Answers 503 and 429 carry `Retry-After`, in seconds; the same request may be sent again.
"""
TAGS = [
    {"name": "webhooks", "description": "Signed events of vendors and of the CRM."},
    {"name": "uploads", "description": "CSV files of leads."},
    {"name": "suppliers", "description": "Leads that suppliers send one at a time."},
    {"name": "people", "description": "Who uses the marketplace: registration, sign-in, sessions."},
    {"name": "catalogue", "description": "Categories, campaigns, buyers, subscriptions and suppliers of a seller."},
    {"name": "market leads", "description": "Leads as they are sold, and why; notifications."},
    {"name": "notifications", "description": "Who is told of what, where to, what became of it and what it cost."},
    {"name": "platforms", "description": "Where a seller's leads are uploaded: accounts at sales platforms."},
    {"name": "payments", "description": "Cards, wallets, recharges and refunds."},
    {"name": "admin", "description": "Work on demand."},
    {"name": "operation", "description": "Health and figures."},
]
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:lead-pipeline:problem:invalid-signature"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do next."},
        "instance": {"type": "string"},
    },
}
_MEANINGS = {
    400: "The body was cut off or is not what its headers say.",
    401: "Not signed, or not by who shares the secret, or too long ago.",
    403: "The key is known and may not do this.",
    404: "No such thing in this workspace.",
    408: "The body stopped coming, or came too slowly.",
    409: "Another request is at this very piece of work.",
    413: "The body is larger than is taken here, packed or unpacked.",
    415: "A Content-Encoding other than gzip and identity.",
    422: "The fields that `errors` names are wrong.",
    429: "Asked too often.",
    500: "A defect; it was logged.",
    503: "Not now: the database is away, too many wait, or the source is not set up.",
}
BODY_PROBLEMS = (400, 408, 413, 415)
"""What any route that reads a body may answer."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: those statuses as problem documents."""
    return {status: _problem(status) for status in statuses}


def _problem(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": _MEANINGS.get(status, HTTPStatus(status).phrase),
        "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}},
    }
    if status in (429, 503):
        answer["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}, "required": False}
        }
    return answer


def _answer(description: str, *statuses: str, reason: bool = False) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "success": {"const": True},
        "drop_id": {"type": "integer", "description": "What it is kept as."},
        "status": {"enum": list(statuses)},
    }
    if reason:
        fields["reason"] = {"type": "string", "description": "Why nothing can be read from it yet."}
    schema = {"type": "object", "required": list(fields), "properties": fields}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


WEBHOOK_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _answer("It is durable, now or since it first came.", "accepted", "duplicate"),
    202: _answer("It is durable, and waits in quarantine for somebody to mend it.", "quarantined", reason=True),
    **problems(401, *BODY_PROBLEMS, 500, 503),
}
_HMAC = "Hex HMAC-SHA256 of the body's exact bytes, keyed with the shared secret."
_MILLISECONDS = "When it was sent, in Unix milliseconds; at most 300 s from our clock."
_HEADERS: dict[str, tuple[tuple[str, str], ...]] = {
    "datashopper": (("x-datashopper-signature", _HMAC), ("x-datashopper-timestamp", _MILLISECONDS)),
    "clay": (("x-clay-signature", _HMAC), ("x-clay-timestamp", _MILLISECONDS)),
    "audience-labs": (("x-audiencelabs-signature", _HMAC),),
    "c2s": (("X-Webhook-Token", "The shared secret itself."),),
}
_PERSON = {"first_name": "Ada", "last_name": "Example", "email": "ada@shop.example", "company_name": "Shop"}
_EXAMPLES: dict[str, dict[str, Any]] = {
    "datashopper": {
        "leads.batch": {"event_id": "evt_1", "event_type": "leads.batch", "leads": [_PERSON]},
        "leads.single": {"event_id": "evt_2", "event_type": "leads.single", "lead": _PERSON},
        "test": {"event_id": "evt_3", "event_type": "test"},
    },
    "clay": {
        "enrichment.completed": {
            "event_id": "evt_1",
            "event_type": "enrichment.completed",
            "lead_id": "019b76da-a800-7000-8000-000000000001",
            "contacts": [{"full_name": "Ada Example", "email": "ada@shop.example"}],
        },
        "enrichment.failed": {"event_id": "evt_2", "event_type": "enrichment.failed", "error": "no such company"},
    },
    "audience-labs": {
        "import.batch": {
            "event_id": "evt_1",
            "event_type": "import.batch",
            "timestamp": "2026-01-31T12:00:00Z",
            "leads": [_PERSON],
        },
        "import.completed": {"event_type": "import.completed", "timestamp": "2026-01-31T12:00:00Z"},
    },
    "c2s": {
        "on_create_lead": {
            "id": "lead_1",
            "hook_action": "on_create_lead",
            "attributes": {
                "updated_at": "2026-01-31T12:00:00Z",
                "customer": {"name": "Ada Example", "email": "ada@shop.example", "phone": "+15555550100"},
            },
        },
    },
}


def webhook_request(source: str) -> dict[str, Any]:
    """`openapi_extra=` of a webhook's route: its headers, and its body with an example of each event."""
    examples = {name: {"summary": name, "value": value} for name, value in _EXAMPLES[source].items()}
    headers = [
        {"name": name, "in": "header", "required": True, "description": words, "schema": {"type": "string"}}
        for name, words in _HEADERS[source]
    ]
    content = {"application/json": {"schema": {}, "examples": examples}}
    words = "One event, as in the examples. Any signed bytes are kept: those that are no event answer 202."
    return {"parameters": headers, "requestBody": {"description": words, "content": content}}
