"""Every kind of message on every channel: what it says, and that hostile names in it are only ever names."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lead_pipeline.channels.rendering import can_tell, render
from lead_pipeline.cli.preview_facts import AT, EXAMPLES, hostile, kind_of
from lead_pipeline.domain.deliveries import CHANNELS, KINDS
from lead_pipeline.domain.local_times import utc_text
from lead_pipeline.domain.sms_text import segments
from lead_pipeline.errors import ContractBroken

GOLDEN = Path(__file__).parents[2] / "data" / "wire" / "webhook_bodies.json"
MATRIX = [(name, channel) for name in EXAMPLES for channel in CHANNELS if can_tell(kind_of(name), channel)]
EMAILS = [name for name, channel in MATRIX if channel == "email"]
KEYS = {"email": {"subject", "html", "text", "sender"}, "sms": {"text"}, "slack": {"text"}, "webhook": {"body"}}
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
TAGS = {
    "html", "head", "meta", "title", "body", "div", "table", "tr", "td", "th", "span", "h1", "h2", "p", "a", "br",
}  # fmt: skip


class Page(HTMLParser):
    """The tags, attributes and words of an e-mail as a mail program finds them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.links, self.words = set(), set(), [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.words += data.split()


def said(name, channel, facts=None):
    return render(kind_of(name), channel, facts or EXAMPLES[name])


def test_there_is_an_example_of_every_kind():
    assert set(KINDS) == {kind_of(name) for name in EXAMPLES}


@pytest.mark.parametrize(("name", "channel"), MATRIX)
def test_a_message_has_what_its_channel_sends_and_nothing_else(name, channel):
    content = said(name, channel)
    assert KEYS[channel] == set(content) - {"reply_to"}
    assert all(isinstance(value, str) and value for value in content.values())
    assert not re.search(r"\{\{|\{%|Undefined|None\b", "".join(content.values()))
    assert content == said(name, channel), "the same facts give the same bytes"


@pytest.mark.parametrize("name", EMAILS)
def test_an_emails_two_halves_tell_the_same(name):
    content = said(name, "email")
    foot_and_title = Page(content["html"]).words
    for line in content["text"].splitlines():
        words = re.sub(r"^\[(.+)\] ", r"\1 ", line).replace("; ", " ").removeprefix("- ").split()
        plain = [word.rstrip(":;,") for word in words if word not in ("--", "-")]
        shown = {word.rstrip(":;,").lower() for word in foot_and_title}
        assert set() == {word.lower() for word in plain} - shown, line


@pytest.mark.parametrize(("name", "channel"), MATRIX)
def test_hostile_names_are_inert_on_every_channel(name, channel):
    content = said(name, channel, hostile(EXAMPLES[name]))
    for key, value in content.items():
        assert not HIDDEN.search(value), key
        value.encode()
    for single in ("subject", "sender", "reply_to"):
        assert "\n" not in content.get(single, "")
    assert len(content.get("subject", "")) <= 200
    if channel == "email":
        page = Page(content["html"])
        assert page.tags <= TAGS
        assert not {one for one in page.attributes if one.startswith("on")}
        assert [] == [link for link in page.links if not link.startswith(("mailto:", "tel:", "https://"))]
        assert "49" not in content["subject"]
    if channel == "slack":
        assert not re.search("[<>]", re.sub("^> ", "", content["text"], flags=re.MULTILINE))
    if channel == "sms":
        assert segments(content["text"]) <= 2
    if channel == "webhook":
        assert content["body"].isascii()


@pytest.mark.parametrize("name", EMAILS)
def test_a_very_long_name_makes_no_very_long_message(name):
    facts = json.loads(json.dumps(dict(EXAMPLES[name]), default=str), object_hook=_lengthened)
    content = render(kind_of(name), "email", {**facts, "at": AT})
    assert len(content["subject"]) <= 200
    assert len(content["html"]) < 40_000


def _lengthened(found):
    """Names of a hundred thousand letters."""
    long = {"full_name", "company_name", "campaign", "reason", "customer", "name", "rule", "host"}
    return {key: value * 20_000 if key in long and isinstance(value, str) else value for key, value in found.items()}


@pytest.mark.parametrize("name", [name for name, channel in MATRIX if channel == "sms"])
def test_an_sms_is_one_segment_or_two_and_names_who_sends_it(name):
    text = said(name, "sms")["text"]
    assert segments(text) <= 2
    assert text.startswith(f"{EXAMPLES[name]['brand']['name']}: ")


def test_webhook_bodies_are_as_they_were_agreed():
    bodies = {name: json.loads(said(name, "webhook")["body"]) for name, channel in MATRIX if channel == "webhook"}
    assert json.loads(GOLDEN.read_text()) == bodies


def test_lead_assigned_begins_with_the_fields_that_receivers_were_promised():
    body = said("new_lead", "webhook")["body"]
    found = json.loads(body)
    assert ["event", "timestamp", "data"] == list(found)
    assert ("lead.assigned", utc_text(AT)) == (found["event"], found["timestamp"])
    assert ["leadId", "buyerId", "firstName", "lastName", "email"] == list(found["data"])[:5]
    assert body == json.dumps(found, separators=(",", ":"))


def test_a_webhook_tells_a_name_whole_and_an_email_shows_it_short():
    lead = {**EXAMPLES["new_lead"]["lead"], "full_name": "Jane\u202e" + "x" * 500}
    facts = {**EXAMPLES["new_lead"], "lead": lead}
    assert lead["full_name"] == json.loads(said("new_lead", "webhook", facts)["body"])["data"]["fullName"]
    assert lead["full_name"] not in said("new_lead", "email", facts)["html"]


def test_times_are_in_the_receivers_zone():
    facts = {**EXAMPLES["new_lead"], "time_zone": "Asia/Tokyo"}
    content = said("new_lead", "email", facts)
    assert "3 Mar 2026, 04:05 JST" in content["text"]
    assert "3 Mar 2026, 04:05 JST" in content["html"]


def test_the_brand_is_who_it_is_from_and_a_hostile_one_changes_no_address_and_no_style():
    content = said("new_lead", "email")
    assert "Ada's Leads <notifications@lead-pipeline.example>" == content["sender"]
    assert "help@ada.example" == content["reply_to"]
    brand = {"name": 'Evil" <x@evil.example>', "color": "red;background:url(x)", "reply_to": "a@b.example\r\nBcc: c"}
    content = said("new_lead", "email", {**EXAMPLES["new_lead"], "brand": brand})
    assert '"Evil x evil.example" <notifications@lead-pipeline.example>' == content["sender"]
    assert "reply_to" not in content
    assert "url(" not in content["html"]


def test_a_hot_lead_says_that_it_is_hot():
    assert said("hot_lead", "email")["subject"].startswith("Hot lead: Jane Doe")
    assert "HOT LEAD" in said("hot_lead", "email")["html"]
    assert "Hot lead" in said("hot_lead", "sms")["text"]
    assert json.loads(said("hot_lead", "webhook")["body"])["data"]["isHot"]
    assert not json.loads(said("new_lead", "webhook")["body"])["data"]["isHot"]


def test_a_low_balance_is_urgent_by_sms_and_says_how_much_is_left():
    assert "URGENT: Bright Solar has 12.50 USD left" in said("low_balance", "sms")["text"]


def test_a_lead_without_a_name_is_told_of_by_what_is_known():
    lead = {**EXAMPLES["new_lead"]["lead"], "full_name": None, "first_name": None, "last_name": None}
    content = said("new_lead", "email", {**EXAMPLES["new_lead"], "lead": lead})
    assert content["subject"].startswith("New lead: jane.doe@example.com")


def test_a_kind_that_a_channel_has_no_words_for_is_refused():
    for kind, channel in (("outreach", "sms"), ("outreach", "webhook"), ("new_lead", "fax"), ("gossip", "email")):
        assert not can_tell(kind, channel)
        with pytest.raises(ContractBroken, match="no words"):
            render(kind, channel, EXAMPLES["new_lead"])


def test_a_closing_of_which_the_crm_says_little_is_told_all_the_same():
    closed = dict.fromkeys(EXAMPLES["manager_notice"]["closed"]) | {"crm_lead_id": "c2s-1", "manager_name": "Marina"}
    facts = {**EXAMPLES["manager_notice"], "closed": closed}
    assert "Lead fechado: Lead c2s-1 (?)" == said("manager_notice", "email", facts)["subject"]
    assert "None" not in "".join(said("manager_notice", channel, facts)[key] for channel, key in (
        ("email", "html"), ("email", "text"), ("sms", "text"), ("slack", "text")
    ))  # fmt: skip


def test_a_card_that_is_not_tried_again_says_what_it_waits_for():
    notice = {**EXAMPLES["card_declined"]["notice"], "next_attempt_at": None}
    facts = {**EXAMPLES["card_declined"], "notice": notice}
    assert "Next try: None: it waits for another card" in said("card_declined", "email", facts)["text"]
    assert "Please use another card." in said("card_declined", "sms", facts)["text"]


def test_a_cell_without_a_value_does_not_move_the_others_under_its_heading():
    leads = [{**one, "industry": None} for one in EXAMPLES["routed_leads"]["leads"]]
    facts = {**EXAMPLES["routed_leads"], "leads": leads}
    assert "- Northwind Analytics; intent: hot" in said("routed_leads", "email", facts)["text"]
    assert "• Northwind Analytics, intent hot" in said("routed_leads", "slack", facts)["text"]
