"""URLs that messages may be sent to, as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead_pipeline.channels.targets import LONGEST, allowed_hosts, check_target, host_and_port
from lead_pipeline.domain.public_addresses import is_public
from lead_pipeline.errors import SettingsError, TargetRefused

ALLOWED = allowed_hosts("127.0.0.1:8091, Hooks.Internal:80, [::1]:9000")


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/path?query=1#part",
        "https://hooks.example.com:8443/",
        "https://HOOKS.example.com.",
        "https://bücher.example/",
        "https://a_b.example.com/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "http://127.0.0.1:8091/hooks/a",
        "https://127.0.0.1:8091/hooks/a",
        "http://hooks.internal/",
        "http://[::1]:9000/",
    ],
)
def test_public_hosts_over_tls_and_hosts_that_are_allowed_are_taken(url):
    check_target(url, ALLOWED)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "not of the web"),
        ("hooks.example.com", "not of the web"),
        ("//hooks.example.com/", "not of the web"),
        ("https://", "not of the web"),
        ("file:///etc/passwd", "not of the web"),
        ("gopher://hooks.example.com/", "not of the web"),
        (" https://hooks.example.com/", "no URL"),
        ("https://hooks.example.com/\r\nX: y", "no URL"),
        (f"https://hooks.example.com/{'x' * LONGEST}", "no URL"),
        ("https://[::1/", "no URL"),
        ("https://hooks.example.com:port/", "no URL"),
        ("http://hooks.example.com/", "not encrypted"),
        ("http://127.0.0.1:8092/", "not encrypted"),
        ("https://user@hooks.example.com/", "holds a user"),
        ("https://:pass@hooks.example.com/", "holds a user"),
        ("https://hooks.example.com:22/", "port 22"),
        ("https://hooks.example.com:80/", "port 80"),
        ("https://hooks.example.com:0/", "no port 0"),
        ("https://hooks.example.com:99999/", "no port 99999"),
        ("https://127.0.0.1/", "not public"),
        ("https://10.1.2.3/", "not public"),
        ("https://169.254.169.254/latest/meta-data", "not public"),
        ("https://[::ffff:127.0.0.1]/", "not public"),
        ("https://[fe80::1]/", "not public"),
        ("https://2130706433/", "no name of the internet"),
        ("https://0x7f.1/", "no name of the internet"),
        ("https://127.1/", "no name of the internet"),
        ("https://017700000001/", "no name of the internet"),
        ("https://localhost/", "no name of the internet"),
        ("https://a.localhost/", "local network"),
        ("https://metadata.google.internal/", "local network"),
        ("https://printer.local./", "local network"),
    ],
)
def test_everything_else_is_refused_with_what_to_do_and_without_the_url(url, words):
    with pytest.raises(TargetRefused, match=words) as refused:
        check_target(url, ALLOWED)
    assert not any(part in str(refused.value) for part in ("user@", ":pass", "passwd", "meta-data", "X: y", "printer"))


@given(st.text() | st.from_regex(r"https?://[^/]{0,30}(/.*)?"))
def test_no_text_raises_anything_else(url):
    try:
        check_target(url)
    except TargetRefused:
        return
    assert url.lower().startswith("https://")


@given(st.ip_addresses())
def test_an_address_is_taken_exactly_where_it_is_public(address):
    url = f"https://[{address}]/" if address.version == 6 else f"https://{address}/"
    if is_public(address):
        check_target(url)
    else:
        with pytest.raises(TargetRefused):
            check_target(url)


def test_allowed_hosts_are_read_without_regard_to_case_and_spaces():
    assert {"127.0.0.1:8091", "hooks.internal:80", "[::1]:9000"} == ALLOWED
    assert frozenset() == allowed_hosts(" , ")
    assert "[::1]:9000" == host_and_port("::1", 9000)


@pytest.mark.parametrize("text", ["localhost", "http://a:80", "a:b", "::1:80", "a:1 b:2"])
def test_what_is_no_host_and_port_is_an_error_of_the_settings(text):
    with pytest.raises(SettingsError, match="PRIVATE_WEBHOOK_HOSTS"):
        allowed_hosts(text)
