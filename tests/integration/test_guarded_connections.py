"""The guard over real sockets: names are looked up once, every address is checked, TLS verifies the name."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from lead_pipeline.channels.guarded_connections import GuardedTransport, look_up
from lead_pipeline.errors import TargetRefused
from tests.integration.receivers import OK, Authority, Receiver, saying

pytestmark = pytest.mark.integration


class Names:
    """A resolver: each name has the addresses of its next look-up in turn, the last ones for ever."""

    def __init__(self, **names: Sequence[Sequence[str]]) -> None:
        self._names = {name.replace("_", "."): list(answers) for name, answers in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self._names:
            raise OSError("no such name")
        answers = self._names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["8.8.8.8", "127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["fe80::1%lo"],
        ["x"],
    ],
)
def test_a_name_with_any_address_that_is_not_public_is_refused_and_nobody_is_connected_to(addresses):
    names = Names(hooks_example_com=[addresses])
    with Receiver(saying(OK)) as receiver, httpx.Client(transport=GuardedTransport(resolve=names)) as client:
        with pytest.raises(TargetRefused, match="not public"):
            client.post(f"https://hooks.example.com:{receiver.port}/")
        assert 0 == receiver.connections


def test_a_name_that_turns_private_between_its_check_and_the_connection_is_refused(authority):
    with Receiver(saying(OK), tls=authority.server("hooks.example.com")) as receiver:
        names = Names(hooks_example_com=[["8.8.8.8"], ["127.0.0.1"]])
        assert ["8.8.8.8"] == names("hooks.example.com", 443), "what a check in advance would have seen"
        guard = GuardedTransport(resolve=names, tls=authority.trusted)
        with httpx.Client(transport=guard) as client, pytest.raises(TargetRefused):
            client.post(f"https://hooks.example.com:{receiver.port}/")
        assert 0 == receiver.connections


def test_the_connection_goes_to_the_very_address_that_was_checked_and_the_name_is_asked_for_once(authority):
    tls = authority.server("hooks.example.com")
    with Receiver(saying(OK), host="127.0.0.2", tls=tls) as checked:
        names = Names(hooks_example_com=[["127.0.0.2"], ["127.0.0.1"]])
        guard = GuardedTransport([f"hooks.example.com:{checked.port}"], resolve=names, tls=authority.trusted)
        with httpx.Client(transport=guard) as client:
            for _ in range(3):
                assert 200 == client.post(f"https://hooks.example.com:{checked.port}/").status_code
        assert (["hooks.example.com"], 1, 3) == (names.asked, checked.connections, len(checked.requests))


def test_a_certificate_of_another_name_or_of_nobody_known_is_refused(authority, tmp_path):
    with Receiver(saying(OK), tls=authority.server("hooks.example.com")) as receiver:
        allowed = [f"other.example.com:{receiver.port}", f"hooks.example.com:{receiver.port}"]
        names = Names(other_example_com=[["127.0.0.1"]], hooks_example_com=[["127.0.0.1"]])
        for name, tls in (("other.example.com", authority.trusted), ("hooks.example.com", None)):
            guard = GuardedTransport(allowed, resolve=names, tls=tls)
            with httpx.Client(transport=guard) as client, pytest.raises(httpx.ConnectError, match="VERIFY_FAILED"):
                client.post(f"https://{name}:{receiver.port}/")
        assert [] == receiver.requests


def test_two_names_of_one_address_share_no_connection(authority):
    tls = authority.server("a.example.com", "b.example.com")
    with Receiver(saying(OK), tls=tls) as receiver:
        allowed = [f"{name}.example.com:{receiver.port}" for name in "ab"]
        names = Names(a_example_com=[["127.0.0.1"]], b_example_com=[["127.0.0.1"]])
        with httpx.Client(transport=GuardedTransport(allowed, resolve=names, tls=authority.trusted)) as client:
            for name in "abab":
                client.post(f"https://{name}.example.com:{receiver.port}/")
        assert (2, 4) == (receiver.connections, len(receiver.requests))


def test_the_next_address_of_a_name_is_tried_where_one_does_not_answer(authority):
    with Receiver(saying(OK), host="127.0.0.2", tls=authority.server("hooks.example.com")) as receiver:
        names = Names(hooks_example_com=[["127.0.0.3", "127.0.0.2"]])
        guard = GuardedTransport([f"hooks.example.com:{receiver.port}"], resolve=names, tls=authority.trusted)
        with httpx.Client(transport=guard) as client:
            assert 200 == client.post(f"https://hooks.example.com:{receiver.port}/").status_code


@pytest.mark.parametrize("names", [Names(), Names(hooks_example_com=[[]])], ids=["unknown", "without an address"])
def test_a_name_that_leads_nowhere_is_an_error_of_the_network(names):
    with httpx.Client(transport=GuardedTransport(resolve=names)) as client, pytest.raises(httpx.ConnectError):
        client.post("https://hooks.example.com/")


@pytest.mark.parametrize("url", ["http://hooks.example.com/", "https://127.0.0.1/", "https://hooks.example.com:25/"])
def test_what_the_url_itself_gives_away_is_refused_before_the_name_is_asked_for(url):
    names = Names(hooks_example_com=[["8.8.8.8"]])
    with httpx.Client(transport=GuardedTransport(resolve=names)) as client, pytest.raises(TargetRefused):
        client.post(url)
    assert [] == names.asked


def test_requests_at_once_have_a_connection_each_and_later_ones_use_them_again():
    with Receiver(saying(OK)) as receiver, ThreadPoolExecutor(4) as threads:
        guard = GuardedTransport([f"127.0.0.1:{receiver.port}"])
        with httpx.Client(transport=guard) as client:
            url = f"http://127.0.0.1:{receiver.port}/"
            assert [200] * 80 == [answer.status_code for answer in threads.map(client.post, [url] * 80)]
        assert 80 == len(receiver.requests)
        assert 1 <= receiver.connections <= 4


def test_the_systems_own_resolver_knows_this_machine():
    assert {"127.0.0.1", "::1"} & set(look_up("localhost", 80))
