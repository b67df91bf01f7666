"""What a message says, by kind and channel: facts in, the content of a `Message` out. Sends nothing, reads nothing.

Each kind is worded once, in templates/kinds; html/, text/ and slack/ hold the parts that it is laid out with, so that
an e-mail's two halves cannot tell different things. Same facts, same bytes.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from lead_pipeline.channels.shown_facts import shown
from lead_pipeline.channels.webhook_bodies import EVENTS, webhook_body
from lead_pipeline.contracts.email_templates import LONGEST_BODY
from lead_pipeline.domain.deliveries import CHANNELS, KINDS
from lead_pipeline.domain.inert_text import lines, mail_link, mailbox, one_line, phone_link, slack_text, web_link
from lead_pipeline.domain.local_times import local_time, long_day, zone_of
from lead_pipeline.domain.sms_text import within
from lead_pipeline.errors import ContractBroken

SEGMENTS = 2
"""Of an SMS, at most."""
_SUBJECT, _SLACK = 160, 3_500
_TEMPLATES = Path(__file__).with_name("templates")


def can_tell(kind: str, channel: str) -> bool:
    """Whether there are words for it: every kind on every channel, but that outreach is written in e-mails only."""
    return kind in KINDS and channel in CHANNELS and (kind != "outreach" or channel == "email")


def render(kind: str, channel: str, facts: Mapping[str, Any]) -> dict[str, str]:
    """The content of one message: `Message.content`'s keys for the channel.

    `facts` has `workspace_id`, `buyer_id` and `buyer` (None where nobody's), `brand` (name, color, reply_to), `sender`
    (an address, or a name and one in angle brackets), `time_zone` (the receiver's), `at` (when it was decided), and
    what its kind tells: see `store.delivery_facts` and, of contexts, who writes the intent. Raises ContractBroken where
    there are no words for it, and KeyError, ValueError or jinja2's errors where facts lack or are of another shape.
    """
    if not can_tell(kind, channel):
        raise ContractBroken(f"there are no words for {kind} by {channel}. Intend it on a channel that has some.")
    told = {**facts, "is_hot": kind == "hot_lead"}
    if channel == "webhook":
        return {"body": webhook_body(kind, told)}
    context = shown(told)
    if kind == "outreach":
        written = facts["written"]  # the one text that has lines
        context["written"] = {"subject": one_line(written["subject"]), "text": lines(written["text"], LONGEST_BODY)}
    return _WORDED[channel](_template_of(kind, told), context)


def _template_of(kind: str, facts: Mapping[str, Any]) -> str:
    if kind in ("new_lead", "hot_lead"):
        return "bought_lead.j2" if facts["buyer_id"] else "routed_lead.j2"
    return f"{kind}.j2"


def _email(name: str, context: Mapping[str, Any]) -> dict[str, str]:
    plain = _template("text", name)
    subject = one_line(_block(plain, "subject", context), _SUBJECT)
    heads = {**context, "subject": subject, "short": one_line(_block(plain, "short", context))}
    brand = context["brand"]
    content = {
        "subject": subject,
        "html": re.sub(r"\n\s*", "\n", _template("html", name).render(heads)).strip() + "\n",
        "text": _tidy(plain.render(heads)) + "\n",
        "sender": sender_of(brand["name"], context["sender"]),
    }
    return content if brand["reply_to"] is None else {**content, "reply_to": brand["reply_to"]}


def _sms(name: str, context: Mapping[str, Any]) -> dict[str, str]:
    words = _block(_template("text", name), "short", context)
    return {"text": within(one_line(f"{context['brand']['name'][:40]}: {words}", 400), SEGMENTS)}


def _slack(name: str, context: Mapping[str, Any]) -> dict[str, str]:
    words = _tidy(_template("slack", name).render(context))[:_SLACK]
    # An entity that the cut tore apart would be shown as it is.
    return {"text": re.sub(r"&[a-z]{0,3}$", "", words)}


_WORDED: Mapping[str, Callable[[str, Mapping[str, Any]], dict[str, str]]] = {
    "email": _email, "sms": _sms, "slack": _slack
}  # fmt: skip


def sender_of(brand: str, sender: str) -> str:
    """Who an e-mail is from: the brand's name, at the address that the provider knows."""
    address = sender[sender.index("<") + 1 :].rstrip("> ") if "<" in sender else sender
    return mailbox(brand, address.strip())


@pass_context
def _when(context: Context, at: datetime | str | None) -> str | None:
    if at is None:
        return None
    read = datetime.fromisoformat(at) if isinstance(at, str) else at
    return local_time(read, zone_of(context["time_zone"]))


@cache
def _environment(layout: str) -> Environment:
    """Jinja2 for one layout. Slack's own escaping takes the place of HTML's; plain text has none."""
    made = Environment(
        loader=FileSystemLoader([_TEMPLATES / layout, _TEMPLATES / "kinds"]),
        undefined=StrictUndefined,
        autoescape=layout != "text",  # noqa: S701 - plain text has nothing to escape
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_slack_markup if layout == "slack" else None,
        auto_reload=False,
    )
    made.filters |= {
        "when": _when,
        "cut": one_line,
        "long_day": lambda day: long_day(date.fromisoformat(day)),
        "mail_link": mail_link,
        "phone_link": phone_link,
        "web_link": web_link,
    }
    made.globals["parts"] = made.get_template("parts.j2").module
    return made


def _slack_markup(value: Any) -> Any:
    return value if isinstance(value, Markup) else Markup(slack_text(str(value)))  # noqa: S704 - escaped for Slack


@cache
def _template(layout: str, name: str) -> Template:
    return _environment(layout).get_template(name)


def _block(template: Template, name: str, context: Mapping[str, Any]) -> str:
    return "".join(template.blocks[name](template.new_context(dict(context))))


def _tidy(text: str) -> str:
    """No space at the end of a line, and at most one empty line in a row."""
    stripped = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", stripped).strip()


assert set(EVENTS) | {"outreach"} == set(KINDS)
