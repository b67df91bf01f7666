"""Mail servers written as URLs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.domain.smtp_url import MailServer, mail_server
from lead_pipeline.errors import SettingsError


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", MailServer("mail.example.com", 587, False)),
        ("smtps://mail.example.com/", MailServer("mail.example.com", 465, True)),
        ("smtp://me:s%40cret@mail.example.com:2525", MailServer("mail.example.com", 2525, False, "me", "s@cret")),
        ("smtp://me%40a.example:p%2Fw@[::1]:25", MailServer("::1", 25, False, "me@a.example", "p/w")),
    ],
)
def test_a_server_is_read_with_its_port_and_login(url, server):
    assert server == mail_server(url)


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://mail.example.com:0",
        "smtp://mail.example.com:99999",
        "smtp://mail.example.com:x",
        "smtp://me@mail.example.com",
        "smtp://:secret@mail.example.com",
        "smtp://me:secret@mail.example.com/path",
        "smtp://me:sec#ret@mail.example.com",
        "smtp://[mail.example.com",
    ],
)
def test_anything_else_is_an_error_that_does_not_repeat_the_password(url):
    with pytest.raises(SettingsError, match="SMTP_URL") as refused:
        mail_server(url)
    assert not any(part in str(refused.value) for part in ("mail.example.com", "secret", "sec#"))


@given(st.text() | st.from_regex("smtps?://.*"))
def test_no_text_raises_anything_else(url):
    try:
        mail_server(url)
    except SettingsError:
        return


def test_a_server_on_this_machine_is_known_and_a_password_is_not_shown():
    assert [True, True, True, False] == [
        MailServer(host, 25, False).is_here for host in ("localhost", "127.0.0.2", "::1", "mail.example.com")
    ]
    assert "secret" not in repr(mail_server("smtp://me:secret@mail.example.com"))
