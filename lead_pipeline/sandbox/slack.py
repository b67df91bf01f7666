"""Slack's incoming webhooks: a text in, a plain `ok` out, the address the only secret.

<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>. Every webhook exists; those whose last part
is `revoked`, `archived` or `forbidden` answer as Slack does of such.
"""

import json
import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from lead_pipeline.sandbox.record import Record

LONGEST_TEXT, MOST_BLOCKS = 40_000, 50
_TEAM, _BOT = re.compile("T[A-Z0-9]+"), re.compile("B[A-Z0-9]+")
_FATES = {
    "revoked": (404, "no_service"),
    "archived": (410, "channel_is_archived"),
    "forbidden": (403, "action_prohibited"),
}


def slack_routes(record: Record) -> APIRouter:
    """The routes under /slack. A message is told apart by the webhook that it came through."""
    routes = APIRouter(prefix="/slack/services")

    @routes.post("/{team}/{bot}/{token}")
    async def take(team: str, bot: str, token: str, request: Request) -> PlainTextResponse:
        if not _TEAM.fullmatch(team):
            return PlainTextResponse("no_team", 404)
        if not _BOT.fullmatch(bot):
            return PlainTextResponse("no_service", 404)
        if token in _FATES:
            status, word = _FATES[token]
            return PlainTextResponse(word, status)
        body = await request.body()
        fault, message = _read(body)
        if fault is not None:
            return PlainTextResponse(fault, 400)
        key = f"services/{team}/{bot}/{token}"
        record.messages.asked("slack", key)
        record.messages.took("slack", key, body.decode(), message)
        return PlainTextResponse("ok")

    return routes


def _read(body: bytes) -> tuple[str | None, dict[str, object]]:
    """Slack's word for what is wrong with a message, and the message."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return "invalid_payload", {}
    if not isinstance(message, dict):
        return "invalid_payload", {}
    text, blocks = message.get("text"), message.get("blocks")
    if not isinstance(text, str) or not text.strip():
        return "no_text", {}
    if len(text) > LONGEST_TEXT:
        return "msg_too_long", {}
    if blocks is not None and not (
        isinstance(blocks, list)
        and 0 < len(blocks) <= MOST_BLOCKS
        and all(isinstance(block, dict) and "type" in block for block in blocks)
    ):
        return "invalid_blocks", {}
    return None, message
