"""What the application receives of a body, and when it is told that it may not have it. No socket."""

import asyncio
import gzip
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from lead_pipeline.service.bodies import BodyBounds
from lead_pipeline.service.problems import Problem

LIMIT = 100_000


def received(chunks, *, headers=(), limit=LIMIT, idle=5.0, grace=5.0, pause=0.0, ends=True, method="POST"):
    """What `Request.body` gives inside the middleware, for a body that comes in these chunks."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    if ends:
        messages.append({"type": "http.request", "body": b"", "more_body": False})
    got = []

    async def receive():
        await asyncio.sleep(pause)
        if not messages:
            return {"type": "http.disconnect"}
        return messages.pop(0)

    async def application(scope, receive, send):
        got.append(await Request(scope, receive).body())

    scope = {"type": "http", "method": method, "path": "/", "headers": [(k.encode(), v.encode()) for k, v in headers]}
    bounds = BodyBounds(application, limit_of=lambda path: limit, idle=idle, grace=grace)
    asyncio.run(bounds(scope, receive, None))
    return got[0]


def refusal(*arguments, **more):
    with pytest.raises(Problem) as caught:
        received(*arguments, **more)
    return caught.value.status


@given(st.lists(st.binary(max_size=50)))
def test_a_plain_body_arrives_as_it_was_sent(chunks):
    assert b"".join(chunks) == received(chunks)


@given(st.binary(max_size=2000), st.integers(1, 500))
def test_a_packed_body_arrives_unpacked_however_it_was_cut(body, size):
    packed = gzip.compress(body)
    chunks = [packed[at : at + size] for at in range(0, len(packed), size)]
    assert body == received(chunks, headers=[("content-encoding", "gzip")])


def test_a_packed_body_of_many_steps_arrives_whole():
    body = random.Random(7).randbytes(700_000) + bytes(300_000)
    packed = gzip.compress(body[:500_000]) + gzip.compress(body[500_000:])  # two members, one stream
    assert body == received([packed], headers=[("content-encoding", "GZIP")], limit=1_000_000)


def test_a_body_may_be_exactly_as_long_as_the_limit():
    assert LIMIT == len(received([bytes(LIMIT)], headers=[("content-length", str(LIMIT))]))
    assert 413 == refusal([bytes(LIMIT), b"x"])


def test_a_length_above_the_limit_is_refused_before_a_byte_is_read():
    assert 413 == refusal([], headers=[("content-length", str(LIMIT + 1))], pause=60)


def test_a_bomb_is_refused_at_the_limit_not_unpacked():
    bomb = gzip.compress(bytes(50_000_000), 9)
    assert len(bomb) < LIMIT
    assert 413 == refusal([bomb], headers=[("content-encoding", "gzip")])


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "gzip,br"])
def test_another_encoding_is_not_taken(encoding):
    assert 415 == refusal([b"x"], headers=[("content-encoding", encoding)])


@pytest.mark.parametrize(
    "body",
    [b"plain", gzip.compress(b"x" * 1000)[:-4], b"\x1f\x8b", gzip.compress(b"x") + b"rest"],
    ids=["plain", "cut off", "its mark alone", "with more behind it"],  # a packed body holds the time
)
def test_what_is_called_gzip_and_is_not_whole_gzip_is_refused(body):
    assert 400 == refusal([body], headers=[("content-encoding", "gzip")])


def test_nothing_at_all_is_an_empty_body_in_any_encoding():
    assert b"" == received([], headers=[("content-encoding", "gzip")])
    assert b"" == received([], headers=[("content-encoding", "identity")])


def test_a_sender_that_stops_is_told_so():
    assert 408 == refusal([b"x"], pause=0.2, idle=0.05)


def test_a_sender_that_drips_is_told_so_although_it_never_stops():
    assert 408 == refusal([b"x"] * 100, pause=0.02, idle=5.0, grace=0.15)


def test_a_client_that_leaves_is_no_problem_of_ours():
    with pytest.raises(ClientDisconnect):
        received([b"x"], ends=False)
    with pytest.raises(ClientDisconnect):
        received([gzip.compress(b"x" * 99)[:5]], headers=[("content-encoding", "gzip")], ends=False)


def test_a_request_without_a_body_is_left_alone():
    assert b"" == received([], headers=[("content-encoding", "br"), ("content-length", "999999")], method="GET")
