"""Names that were chosen to do harm: whatever they hold, one harmless line of them is shown."""

import unicodedata
from email.headerregistry import Address
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lead_pipeline.domain.inert_text import (
    LONGEST,
    lines,
    mail_link,
    mailbox,
    one_line,
    phone_link,
    slack_text,
    web_link,
)

ANY = st.text(st.characters(codec=None), max_size=400)
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
INVISIBLE = "\u200b\u2060\ufeff\u00ad\u180e\U000e0041\U000e007f\ufff9\x00\x1b\x7f\x9f"


@given(ANY)
@example(BIDI + INVISIBLE)
@example("a\r\nBcc: b@c.example")
@example("e" + "\u0301" * 300)
@example("a\u200db")
@example("\ud800")
def test_one_line_of_anything_is_printable_short_and_the_same_when_it_is_made_again(text):
    shown = one_line(text)
    assert len(shown) <= LONGEST
    assert not {unicodedata.category(char) for char in shown if char not in "\u200c\u200d"} & {
        "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp",
    }  # fmt: skip
    assert "\n" not in shown
    assert "\r" not in shown
    assert shown == one_line(shown)
    shown.encode()


@given(st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=LONGEST))
def test_plain_words_stay_but_for_their_spaces(text):
    assert " ".join(text.split()) == one_line(text)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Jane\r\nBcc: everyone@evil.example", "Jane Bcc: everyone@evil.example"),
        ("invoice\u202egnp.exe", "invoicegnp.exe"),
        ("Ja\u200bne\u00ad\ufeff", "Jane"),
        ("a\u2028b\u2029c\x85d\ve\ff", "a b c d e f"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("عمر خان", "عمر خان"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("Zoë Ångström", "Zoë Ångström"),
        ("x" * 300, "x" * 199 + "…"),
        ("Z" + "\u0335" * 50 + "algo", "Z" + "\u0335" * 4 + "algo"),
    ],
)
def test_a_name_is_shown_as_it_reads(given, shown):
    assert shown == one_line(given)


@given(ANY)
def test_lines_are_each_one_line_with_one_empty_one_in_a_row_at_most(text):
    shown = lines(text)
    assert "\n\n\n" not in shown
    for line in shown.split("\n"):
        assert one_line(line, 5_000) == line or line.endswith("…")


@given(ANY)
@example("<!channel> <https://evil.example|ok> &lt;")
def test_slacks_control_characters_are_gone_and_come_back_as_they_were(text):
    escaped = slack_text(text)
    assert not set("<>") & set(escaped)
    assert text == escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize("url", ["https://example.com/", "http://a.example:8080/b?c=d&e=f#g", "https://1.2.3.4/x"])
def test_web_addresses_are_linked(url):
    assert url == web_link(url)


@pytest.mark.parametrize(
    "url",
    [
        None, "", "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//evil.example", "example.com",
        "https://", "https://user@evil.example/", "https://bank.example@evil.example/", "https://a.example/\r\nx",
        'https://a.example/"onclick="x', "https://a.example/<b>", "https://éxample.com/", "http://[::1", "vbscript:x",
        " https://a.example/", "https://a.example\\@b.example/",
    ],
)  # fmt: skip
def test_nothing_else_is_linked(url):
    assert web_link(url) is None


def test_only_plain_addresses_and_numbers_are_linked_and_their_signs_are_quoted():
    assert "mailto:jane.doe%2Bx@example.com" == mail_link("jane.doe+x@example.com")
    assert "mailto:a%26b%3Fc@example.com" == mail_link("a&b?c@example.com")
    for address in ("a@b", "a b@c.example", "a@b.example?bcc=x@y.example", "a@b.example,c@d.example", "", None):
        assert mail_link(address) is None
    assert "tel:+12125550123" == phone_link("+12125550123")
    for number in ("2125550123", "+1 212", "+1212555012345678", "tel:+1", "", None):
        assert phone_link(number) is None


@given(ANY)
@example('Ada, "Inc." <evil@evil.example>')
@example("a\r\nBcc: x@y.example")
def test_a_senders_name_never_becomes_an_address(name):
    sender = mailbox(name, "notes@ours.example")
    assert "notes@ours.example" == parseaddr(sender)[1]
    assert 1 == sender.count("@")
    Address(parseaddr(sender)[0], addr_spec="notes@ours.example")
